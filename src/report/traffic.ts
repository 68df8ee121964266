import type { Origin } from '../model/error.js';
import { originText } from './origin.js';

/** One line of what a plan changes for traffic. Plain data: whoever compares verdicts makes it. */
export interface TrafficLine {
  /** `allow`: becomes allowed; `deny`: becomes denied; `change`: is judged otherwise (by L7, audited). */
  readonly change: 'allow' | 'deny' | 'change';
  /** Who and to whom, by labels or names: `{org=empire}`, `deathstar`. */
  readonly from: string;
  readonly to: string;
  /** `8080/TCP`. */
  readonly what: string;
  /** What of it, or why, beyond what rules do: `only http GET /v1/.*`. */
  readonly note?: string;
  /** Every rule or policy that does it, one after the other; absent for none. */
  readonly causes?: readonly TrafficCause[];
}

export interface TrafficCause {
  readonly origin: Origin;
  /** What it does, for example `no longer allows it`. Absent: it allows it. */
  readonly does?: string;
  /** It stands in the program before, which had it at that line. */
  readonly isGone?: true;
}

/** `plumb.ts:31, plumb.ts:40 no longer allow it; only http GET /x`; empty where nothing is known. */
export function whyText({ causes = [], note }: Pick<TrafficLine, 'causes' | 'note'>): string {
  const does = [...new Set(causes.map((cause) => cause.does))];
  const parts = does.map((what) => {
    const own = causes.filter((cause) => cause.does === what);
    const places = [...new Set(own.map(({ origin }) => originText(origin)))].join(', ');
    return what === undefined ? places : `${places} ${own.length > 1 ? plural(what) : what}`;
  });
  return [...parts, ...(note === undefined ? [] : [note])].join('; ');
}

/** `denies it` -> `deny it`. */
function plural(does: string): string {
  return does
    .replace(/^(no longer )?(allow|isolate|let|open|close)s\b/, '$1$2')
    .replace(/^(no longer )?denies\b/, '$1deny')
    .replace(/^does not/, 'do not');
}

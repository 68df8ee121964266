import type { Origin } from '../model/error.js';

/** One line of what a plan changes for traffic. Plain data: whoever compares verdicts makes it. */
export interface TrafficLine {
  /** `allow`: becomes allowed; `deny`: becomes denied; `change`: is judged otherwise (by L7, audited). */
  readonly change: 'allow' | 'deny' | 'change';
  /** Who and to whom, by labels or names: `{org=empire}`, `deathstar`. */
  readonly from: string;
  readonly to: string;
  /** `8080/TCP`. */
  readonly what: string;
  /** For example `no longer allows it`. */
  readonly note?: string;
  /** The rule that says so, or said so. */
  readonly origin?: Origin;
}

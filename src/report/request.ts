import pc from 'picocolors';
import type { Origin } from '../model/error.js';
import type { Direction } from '../state/layout.js';
import type { EVENT_VERSION } from './event.js';
import { peerText, type EventPeer } from './event.js';
import { originText } from './origin.js';

/** What became of a request of layer 7, in the words of the program that is applied. */
export interface ExplainedRequest {
  readonly version: typeof EVENT_VERSION;
  readonly type: 'request';
  /** ISO 8601 in UTC, with milliseconds. */
  readonly time: string;
  readonly verdict: 'allowed' | 'denied';
  /** `TCP` or `UDP`. */
  readonly protocol: string;
  /** `http`, `tls`, `dns`, or the name of a plug-in. */
  readonly l7: string;
  /** Whose policy filters; absent where the applied program has no such listener. */
  readonly direction?: Direction;
  readonly source: EventPeer;
  readonly destination: EventPeer;
  /** In a few words: `PUT /v1/exhaust-port`. */
  readonly request: string;
  /** What the client got. */
  readonly answer?: string;
  readonly note?: string;
  /** Its id, 8 hex digits. */
  readonly listener: string;
  /** Lines that let it through; of what is denied, all lines that let anything through. */
  readonly rules: readonly Origin[];
}

/** One line: when, what happened to whose request, and which lines say so. */
export function renderRequest(request: ExplainedRequest, options: { colour: boolean }): string {
  const c = pc.createColors(options.colour);
  const { verdict, rules, l7, direction = '', answer, note } = request;
  const lines = rules.map(originText).join(', ');
  const why = verdict === 'allowed' ? 'by' : 'not in';
  const paint = verdict === 'allowed' ? c.green : c.red;
  return [
    c.dim(request.time.slice(11, 23)),
    paint(verdict.padEnd(7)),
    `${peerText(request.source)} -> ${peerText(request.destination)}`,
    `${l7} ${request.request}${answer === undefined ? '' : ` ${answer}`}`,
    c.dim(direction),
    note === undefined ? '' : c.yellow(note),
    lines === '' ? '' : `${why} ${c.bold(lines)}`,
  ]
    .filter((part) => part !== '')
    .join('  ');
}

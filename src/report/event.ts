import pc from 'picocolors';
import type { Labels } from '../model/program.js';
import type { ProgramName } from '../state/layout-reports.js';
import type { Direction, Reason } from '../state/layout.js';
import type { Cause } from '../verdict/explain.js';
import { hexDump } from './hex-dump.js';
import { originText } from './origin.js';

/** Raised when a field changes its meaning or goes; new fields may come at any time. */
export const EVENT_VERSION = 1;

/** One side of a packet, as much as is known of it. */
export interface EventPeer {
  /** Endpoint of the program, if the address is one's. */
  readonly endpoint?: string;
  readonly address: string;
  /** 0 where the protocol has none. */
  readonly port: number;
  readonly identity: number;
  /** Empty when no program is known that says what the identity stands for. */
  readonly labels: Labels;
}

export type EventVerdict = 'allowed' | 'denied' | 'audited' | 'redirected';

/**
 * Where the rules come from: `applied`, the program that is applied; `no-policy`, none was asked (a
 * spoofed source); `no-provenance`, no program is recorded for the node; `other-version`, the packet was
 * judged by a policy that the recorded program does not make.
 */
export type EventExplanation = 'applied' | 'no-policy' | 'no-provenance' | 'other-version';

/** An event of the datapath in the words of the program that is applied. */
export interface ExplainedEvent {
  readonly version: typeof EVENT_VERSION;
  readonly type: 'packet';
  /** ISO 8601 in UTC, with nanoseconds. */
  readonly time: string;
  /** The same in seconds since 1970, with nanoseconds, as text: it does not fit a JSON number. */
  readonly unixTime: string;
  /** The same as nanoseconds of CLOCK_MONOTONIC, as text. */
  readonly monotonic: string;
  /** `audited`: let through, though policies deny it. */
  readonly verdict: EventVerdict;
  readonly reason: Reason | 'unknown';
  /** Of the policy that decided. */
  readonly direction: Direction;
  readonly protocol: string;
  /** Of an ICMP packet, which has no ports. */
  readonly icmp?: { readonly type: number; readonly code: number; readonly name?: string };
  readonly source: EventPeer;
  readonly destination: EventPeer;
  /** The packet answers a flow; it was judged as the flow's opener is. */
  readonly isReply: boolean;
  /** Program of the datapath, and the device that it ran on; without a name when the device is gone. */
  readonly program: ProgramName | 'unknown';
  readonly ifindex: number;
  readonly device?: string;
  /** Bytes of the whole packet. */
  readonly length: number;
  /** Version of the policy that judged, 8 hex digits; absent when none did. */
  readonly policyVersion?: string;
  readonly explanation: EventExplanation;
  /** Rules that decided, or the policies that isolate the endpoint where no rule allows. */
  readonly policies: readonly Cause[];
  /** The packet's first bytes in hex, where the node has `eventBytes`. */
  readonly bytes?: string;
}

/** Events that the ring buffer had no room for, since the last such line or the start. */
export interface LostEvents {
  readonly version: typeof EVENT_VERSION;
  readonly type: 'lost';
  readonly time: string;
  readonly events: number;
}

export interface EventOptions {
  readonly colour: boolean;
  /** Shows the packet's bytes below the line. */
  readonly hex?: boolean;
}

/** One line: when, what happened to whom, why, where, and which line of the program says so. */
export function renderEvent(event: ExplainedEvent, options: EventOptions): string {
  const c = pc.createColors(options.colour);
  const paint = { allowed: c.green, denied: c.red, audited: c.yellow, redirected: c.cyan };
  const place = `${event.program} on ${event.device ?? `ifindex ${String(event.ifindex)}`}`;
  const line = [
    c.dim(event.time.slice(11, 23)),
    paint[event.verdict](event.verdict.padEnd(7)),
    `${peerText(event.source)} -> ${peerText(event.destination)}`,
    protocolText(event),
    c.dim(`${event.direction} ${event.reason}${event.isReply ? ' (reply)' : ''}`),
    c.dim(`at ${place}`),
    whyText(event, c.bold),
  ]
    .filter((part) => part !== '')
    .join('  ');
  if (options.hex !== true || event.bytes === undefined) return line;
  return `${line}\n${hexDump(Buffer.from(event.bytes, 'hex'))}`;
}

export function renderLost({ events }: LostEvents, options: { colour: boolean }): string {
  const c = pc.createColors(options.colour);
  return c.yellow(
    `${String(events)} ${events === 1 ? 'event' : 'events'} lost: the buffer was full`,
  );
}

function protocolText({ protocol, icmp }: ExplainedEvent): string {
  if (icmp === undefined) return protocol;
  return `${protocol} ${icmp.name ?? `type ${String(icmp.type)}`}/${String(icmp.code)}`;
}

function whyText(event: ExplainedEvent, bold: (text: string) => string): string {
  const { explanation, policies, policyVersion = '', reason, verdict } = event;
  if (explanation === 'no-provenance') return 'rules unknown: no program is recorded here';
  if (explanation === 'other-version') {
    return `rules unknown: judged by policy version ${policyVersion}, which the applied program does not make`;
  }
  const says = policies
    .map(({ name, origin, log }) => {
      const word = log === undefined ? '' : ` [${log}]`;
      return `${name} (${originText(origin)})${word}`;
    })
    .join(', ');
  if (says !== '') return (reason === 'policy-default-deny' ? 'isolated by ' : 'by ') + bold(says);
  return explanation === 'applied' && verdict === 'allowed' ? 'no policy isolates it' : '';
}

/** `xwing{org=alliance} 10.1.0.31:48694`. */
export function peerText(peer: EventPeer): string {
  const host = peer.address.includes(':') ? `[${peer.address}]` : peer.address;
  const address = peer.port === 0 ? host : `${host}:${String(peer.port)}`;
  const labels = Object.entries(peer.labels).map(([key, value]) =>
    value === '' ? key : `${key}=${value}`,
  );
  const name = peer.endpoint ?? (labels.length === 0 ? `identity ${String(peer.identity)}` : '');
  const shown = labels.length === 0 ? '' : `{${labels.join(',')}}`;
  return `${name}${shown} ${address}`.trimStart();
}

import pc from 'picocolors';
import type { Origin } from '../model/error.js';
import type { Labels } from '../model/program.js';
import type { Direction, Reason } from '../state/layout.js';
import { originText } from './origin.js';

/** One side of a packet, as much as is known of it. */
export interface EventPeer {
  /** Endpoint of this node's program, if the address is one's. */
  readonly endpoint?: string;
  readonly address: string;
  readonly port: number;
  readonly identity: number;
  readonly labels: Labels;
}

/** A policy that decided, or that isolates the endpoint where none allowed. */
export interface EventPolicy {
  readonly name: string;
  readonly origin: Origin;
  readonly description?: string;
  readonly labels?: Labels;
  /** The policy's word for logs. */
  readonly log?: string;
}

/** An event of the datapath in the words of the program that is applied. */
export interface ExplainedEvent {
  /** Nanoseconds of CLOCK_MONOTONIC, as text: it does not fit a JSON number. */
  readonly time: string;
  readonly verdict: 'allowed' | 'denied' | 'audited';
  readonly reason: Reason | 'unknown';
  readonly direction: Direction;
  readonly protocol: string;
  readonly source: EventPeer;
  readonly destination: EventPeer;
  /** Device whose program judged. */
  readonly ifindex: number;
  /** Bytes of the whole packet. */
  readonly length: number;
  /** Empty when the drop is none of a policy's doing (a spoofed source), or the program is not known. */
  readonly policies: readonly EventPolicy[];
}

/** One line: what happened to whom, why, and which line says so. */
export function renderEvent(event: ExplainedEvent, options: { colour: boolean }): string {
  const c = pc.createColors(options.colour);
  const paint =
    event.verdict === 'allowed' ? c.green : event.verdict === 'denied' ? c.red : c.yellow;
  const says = event.policies
    .map(({ name, origin, log }) => {
      return `${name} (${originText(origin)})${log === undefined ? '' : ` [${log}]`}`;
    })
    .join(', ');
  const why = event.reason === 'policy-default-deny' && says !== '' ? 'isolated by ' : 'by ';
  return [
    paint(event.verdict.padEnd(7)),
    `${peerText(event.source)} -> ${peerText(event.destination)}`,
    event.protocol,
    c.dim(`${event.direction} ${event.reason}`),
    says === '' ? '' : why + c.bold(says),
  ]
    .filter((part) => part !== '')
    .join('  ');
}

function peerText(peer: EventPeer): string {
  const host = peer.address.includes(':') ? `[${peer.address}]` : peer.address;
  const address = peer.port === 0 ? host : `${host}:${String(peer.port)}`;
  const labels = Object.entries(peer.labels).map(([key, value]) =>
    value === '' ? key : `${key}=${value}`,
  );
  const name = peer.endpoint ?? (labels.length === 0 ? `identity ${String(peer.identity)}` : '');
  const shown = labels.length === 0 ? '' : `{${labels.join(',')}}`;
  return `${name}${shown} ${address}`.trimStart();
}

import { PlumbError } from '../model/error.js';
import { readStruct, type FieldValue } from '../state/codec.js';
import { PROGRAM, type ProgramName } from '../state/layout-reports.js';
import { MAPS, REASONS, VERDICT, type Direction, type Reason } from '../state/layout.js';
import { structsOf } from '../state/struct.js';
import { failedWith } from './errno.js';
import { mapPin, type Instance } from './instance.js';
import { BpfMap, RingBuffer } from './native.js';

/** One packet that was judged and reported. Hashes and identities are numbers, as in the maps. */
export interface PacketEvent {
  /** Nanoseconds of CLOCK_MONOTONIC. */
  readonly time: bigint;
  readonly verdict: keyof typeof VERDICT | 'none';
  readonly reason: Reason | 'unknown';
  readonly direction: Direction;
  /** IP protocol number. */
  readonly protocol: number;
  readonly source: string;
  readonly destination: string;
  /** ICMP puts type << 8 | code into the destination's port. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sourceIdentity: number;
  readonly destinationIdentity: number;
  readonly policySet: number;
  readonly version: number;
  readonly class: number;
  readonly table: number;
  readonly ifindex: number;
  /** Bytes of the packet. */
  readonly length: number;
  /** Which of the datapath's programs judged. */
  readonly program: ProgramName | 'unknown';
  /** Whether it answers a flow, and was judged as the opener's packets are. */
  readonly isReply: boolean;
  /** First bytes of the packet from its Ethernet header, as it was to leave; where the node asks for them. */
  readonly bytes?: Uint8Array;
}

/** How often the buffer is looked at; it holds far more than arrives meanwhile. */
const EVERY_MS = 20;

export interface EventStream {
  /** Hands on what is waiting in the buffer now; returns how many events that were. */
  drain(): number;
  close(): void;
}

/**
 * Listens to an instance's ring buffer in the background until closed. A record of another size than
 * this version's is of a datapath that is being replaced, and left out.
 *
 * @throws PlumbError PLB_NOTHING_APPLIED when there is no ring buffer.
 */
export function openEvents(instance: Instance, onEvent: (event: PacketEvent) => void): EventStream {
  const map = openMap(instance, MAPS.plumb_events.name);
  const { size } = structsOf('plumb_events', 'kernel').value;
  const buffer = new RingBuffer(map, (record) => {
    if (record.length >= size) onEvent(decodeEvent(record));
  });
  // Not in the background: what a thread has taken could not be drained in turn.
  const timer = setInterval(() => buffer.consume(), EVERY_MS);
  return {
    drain: () => buffer.consume(),
    close: () => {
      clearInterval(timer);
      buffer.close();
      map.close();
    },
  };
}

/** An event from the bytes of a record. */
export function decodeEvent(record: Uint8Array): PacketEvent {
  const struct = structsOf('plumb_events', 'kernel').value;
  const fields = readStruct(struct, record);
  const number = (name: string): number => Number(fields[name]);
  const text = (name: string): string => String(fields[name]);
  const captured = number('captured');
  return {
    time: BigInt(fields['time'] ?? 0),
    verdict: nameOf(VERDICT, fields['verdict']) ?? 'none',
    reason: nameOf(REASONS, fields['reason']) ?? 'unknown',
    direction: number('direction') === 0 ? 'ingress' : 'egress',
    protocol: number('protocol'),
    source: text('source'),
    destination: text('destination'),
    sourcePort: number('sourcePort'),
    destinationPort: number('destinationPort'),
    sourceIdentity: number('sourceIdentity'),
    destinationIdentity: number('destinationIdentity'),
    policySet: number('policySet'),
    version: number('version'),
    class: number('class'),
    table: number('table'),
    ifindex: number('ifindex'),
    length: number('length'),
    program: nameOf(PROGRAM, fields['program']) ?? 'unknown',
    isReply: number('isReply') === 1,
    ...(captured === 0 ? {} : { bytes: record.slice(struct.size, struct.size + captured) }),
  };
}

/** Nanoseconds that CLOCK_REALTIME is ahead of CLOCK_MONOTONIC now, to tell the time of an event. */
export function realtimeOffset(): bigint {
  return BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();
}

/** The name that a table of numbers gives a value. */
export function nameOf<N extends string>(
  names: Readonly<Record<N, number>>,
  value: FieldValue | undefined,
): N | undefined {
  return (Object.keys(names) as N[]).find((name) => names[name] === value);
}

/** @throws PlumbError PLB_NOTHING_APPLIED */
export function openMap(instance: Instance, name: string): BpfMap {
  try {
    return BpfMap.openPinned(mapPin(instance, name));
  } catch (error) {
    if (!failedWith(error, 'ENOENT')) throw error;
    throw new PlumbError('PLB_NOTHING_APPLIED', `instance ${instance.name} has no ${name}`, {
      hint: 'Apply a program first: plumb apply.',
      cause: error,
    });
  }
}

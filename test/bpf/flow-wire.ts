import type { TestDatapath, ProgramName } from './datapath.js';
import { endsOf } from './ends.js';
import { isLocal, type Ends, type Name, type Sent } from './flow-model.js';
import { fragmentOf } from './fragment-bytes.js';
import { bytes, echo, ETHERNET, packet, PROTOCOL, tcp, udp } from './packets.js';
import { AT } from './story.js';

/** Who is where. */
export const ADDRESS = {
  4: { a: AT.a, b: AT.b, r: AT.remote, h: AT.host, w: AT.inPrefix, vip: AT.vip },
  6: { a: AT.a6, b: AT.b6, r: AT.remote6, h: 'fd09::fe', w: AT.inPrefix6, vip: AT.vip6 },
} as const;
export type Family = keyof typeof ADDRESS;

const LATER = 20;
const ICMP_HEADER = 8;

/** Where a packet is judged. */
export interface Hook {
  readonly program: ProgramName;
  readonly device: string;
}

/** Undefined: the node does not see such a packet, or has no say. */
export function hookOf(from: Ends['from'], to: Ends['to'], { devices }: TestDatapath) {
  const at = (program: ProgramName, name?: 'a' | 'b'): Hook => ({
    program,
    device: name === undefined ? devices.stranger : deviceOf(name),
  });
  if (isLocal(from)) return at('from_endpoint', from);
  if (from === 'vip') return undefined;
  if (isLocal(to)) return at('to_endpoint', to);
  if (from === 'h' && to === 'vip') return at('from_host');
  if ((from === 'w' && to === 'vip') || (from === 'r' && to === 'h')) return at('from_uplink');
  return undefined;
}

export function deviceOf(name: 'a' | 'b'): string {
  return name === 'a' ? 'ep0' : 'ep1';
}

export function frameOf(sent: Sent, family: Family): Uint8Array {
  const at = ADDRESS[family];
  const { from, to, fromPort, toPort, protocol, flags, fragment } = sent;
  const ports = [fromPort, toPort] as const;
  const frame =
    protocol === 'tcp'
      ? tcp(at[from], at[to], ports, flags)
      : protocol === 'udp'
        ? udp(at[from], at[to], ports)
        : echo(at[from], at[to], fromPort + toPort, fromPort === 0);
  if (fragment === undefined) return frame;
  return fragmentOf(frame, fragment.id, fragment.isFirst ? 0 : LATER);
}

/** Whether ports stand where `endsOf` looks for them. */
export function isWithPorts({ protocol, fragment }: Pick<Sent, 'protocol' | 'fragment'>): boolean {
  return protocol !== 'echo' && fragment === undefined;
}

/** What `by` says of a frame, as it has it, to who sent that. */
export function errorFrame(by: Name, about: Ends, frame: Uint8Array, family: Family): Uint8Array {
  const at = ADDRESS[family];
  const [protocol, type] = family === 6 ? [PROTOCOL.icmpv6, 1] : [PROTOCOL.icmp, 3];
  const body = bytes([type, 3, 0, 0, 0, 0, 0, 0], frame.subarray(ETHERNET));
  return packet({ source: at[by], destination: at[about.from], protocol, body });
}

/** The frame that an ICMP error carries. */
export function carriedBy(frame: Uint8Array, family: Family): Uint8Array {
  const inner = ETHERNET + (family === 6 ? 40 : 20) + ICMP_HEADER;
  return bytes(frame.subarray(0, ETHERNET), frame.subarray(inner));
}

/** Ends on the wire by name, to compare; without ports where `endsOf` has none. */
export function namesOf(frame: Uint8Array, family: Family, hasPorts: boolean): Partial<Ends> {
  const { source, destination, ports } = endsOf(frame);
  const [fromPort, toPort] = ports;
  const names = { from: nameAt(source, family), to: nameAt(destination, family) };
  return hasPorts ? { ...names, fromPort, toPort } : names;
}

export function nameAt(address: string, family: Family): Ends['from'] {
  const found = Object.entries(ADDRESS[family]).find(([, one]) => one === address);
  if (found === undefined) throw new Error(`nobody is at ${address}`);
  return found[0] as Name;
}

/** The same of what the model expects. */
export function expectedNames(ends: Ends, hasPorts: boolean): Partial<Ends> {
  const { from, to } = ends;
  return hasPorts ? ends : { from, to };
}

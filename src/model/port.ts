import { icmpType } from './icmp.js';
import type { PortSpec, RuleSpec } from './program.js';

/** IP protocol numbers (IANA). 0 stands for any protocol. */
export const PROTOCOLS = { ANY: 0, ICMP: 1, TCP: 6, UDP: 17, ICMPv6: 58, SCTP: 132 } as const;

/** What protocol ANY of a port means. */
const WITH_PORTS: readonly number[] = [PROTOCOLS.TCP, PROTOCOLS.UDP, PROTOCOLS.SCTP];

export const LAST_PORT = 65_535;

/** An inclusive range of ports of one protocol. ICMP has type << 8 | code for a port. */
export interface PortRange {
  /** IP protocol number; 0 is any, and then the range is all ports. */
  readonly protocol: number;
  readonly from: number;
  readonly to: number;
}

export const EVERYTHING: PortRange = { protocol: PROTOCOLS.ANY, from: 0, to: LAST_PORT };

/** The number of a port; undefined when it is none. */
export function portNumber(port: string | number): number | undefined {
  const number = typeof port === 'number' ? port : /^\d{1,5}$/.test(port) ? Number(port) : NaN;
  return Number.isInteger(number) && number >= 1 && number <= LAST_PORT ? number : undefined;
}

/**
 * What a rule says of ports: everything when it has neither `toPorts` nor `icmps`, nothing when what it
 * has is empty. Expects a rule that was validated.
 */
export function rangesOf(rule: RuleSpec): PortRange[] {
  if (rule.toPorts === undefined && rule.icmps === undefined) return [EVERYTHING];
  const ranges: PortRange[] = [];
  for (const { ports } of rule.toPorts ?? []) for (const port of ports) addPort(port, ranges);
  for (const { fields } of rule.icmps ?? []) {
    for (const { family = 'IPv4', type } of fields) {
      const from = (icmpType(type, family) ?? NaN) << 8;
      const protocol = PROTOCOLS[family === 'IPv4' ? 'ICMP' : 'ICMPv6'];
      ranges.push({ protocol, from, to: from | 0xff });
    }
  }
  return ranges;
}

function addPort({ port, endPort, protocol = 'ANY' }: PortSpec, ranges: PortRange[]): void {
  const from = portNumber(port) ?? NaN;
  const to = endPort ?? from;
  if (protocol !== 'ANY') ranges.push({ protocol: PROTOCOLS[protocol], from, to });
  else for (const number of WITH_PORTS) ranges.push({ protocol: number, from, to });
}

/** `80/TCP`, `8000-8080/UDP`, `type 8/ICMP`, `any`. */
export function rangeText({ protocol, from, to }: PortRange): string {
  const name = protocolName(protocol);
  if (protocol === PROTOCOLS.ANY) return 'any';
  if (from === 0 && to === LAST_PORT) return name;
  if (protocol === PROTOCOLS.ICMP || protocol === PROTOCOLS.ICMPv6) {
    const types =
      from >> 8 === to >> 8
        ? `type ${String(from >> 8)}`
        : `types ${String(from >> 8)}-${String(to >> 8)}`;
    return `${types}/${name}`;
  }
  return `${from === to ? String(from) : `${String(from)}-${String(to)}`}/${name}`;
}

/**
 * Port that a reply is judged by: what its flow's opener asked for. Of ICMP that is an echo request,
 * whatever `port` is.
 */
export function openerPort(protocol: number, port: number): number {
  if (protocol === PROTOCOLS.ICMP) return 8 << 8;
  if (protocol === PROTOCOLS.ICMPv6) return 128 << 8;
  return port;
}

export function protocolName(protocol: number): string {
  const known = Object.entries(PROTOCOLS).find(([, number]) => number === protocol);
  return known?.[0] ?? `protocol ${String(protocol)}`;
}

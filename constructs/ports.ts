import type { ICMPFieldSpec, PortSpec } from '../src/model/program.js';

/** One TCP port: 1-65535, or what the receiving endpoint calls it. */
export function tcp(port: number | string): PortSpec {
  return { port, protocol: 'TCP' };
}

/** TCP ports `from` to `to`, both included. */
export function tcpRange(from: number, to: number): PortSpec {
  return { port: from, endPort: to, protocol: 'TCP' };
}

/** One UDP port: 1-65535, or what the receiving endpoint calls it. */
export function udp(port: number | string): PortSpec {
  return { port, protocol: 'UDP' };
}

/** UDP ports `from` to `to`, both included. */
export function udpRange(from: number, to: number): PortSpec {
  return { port: from, endPort: to, protocol: 'UDP' };
}

/** One SCTP port: 1-65535, or what the receiving endpoint calls it. */
export function sctp(port: number | string): PortSpec {
  return { port, protocol: 'SCTP' };
}

/** SCTP ports `from` to `to`, both included. */
export function sctpRange(from: number, to: number): PortSpec {
  return { port: from, endPort: to, protocol: 'SCTP' };
}

/** ICMP messages of one type: a number from 0 to 255, or its name, for example `EchoRequest`. */
export function icmp(type: number | string): ICMPFieldSpec {
  return { family: 'IPv4', type };
}

/** ICMPv6 messages of one type: a number from 0 to 255, or its name. */
export function icmpv6(type: number | string): ICMPFieldSpec {
  return { family: 'IPv6', type };
}

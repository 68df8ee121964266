import type { HTTPRuleSpec } from '../src/model/l7.js';
import type { ICMPFieldSpec, PortSpec } from '../src/model/program.js';
import { fqdnOf } from './peers.js';
import type { DNSRules, FilteredPortRule, HTTPRules, TLSPortRule } from './port-rule.js';

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

/**
 * Requests of HTTP at a TCP port: what one of the rules matches, for example
 * `http(80, { method: 'GET', path: '/v1/.*' })`. Without rules all that is HTTP.
 */
export function http(
  port: number | string,
  ...rules: readonly HTTPRuleSpec[]
): FilteredPortRule<HTTPRules> {
  return { ports: [tcp(port)], rules: { http: rules } };
}

/** TLS at a TCP port to servers of these names (SNI), patterns as in {@link names}. At least one. */
export function tls(
  port: number | string,
  ...serverNames: readonly [string, ...string[]]
): TLSPortRule {
  return { ports: [tcp(port)], serverNames };
}

/**
 * Questions to name servers, on port 53 of TCP and UDP, about these names; patterns as in {@link names}.
 * Only for what may be reached. Without names all questions.
 */
export function dns(...list: readonly string[]): FilteredPortRule<DNSRules> {
  return { ports: [tcp(53), udp(53)], rules: { dns: list.map(fqdnOf) } };
}

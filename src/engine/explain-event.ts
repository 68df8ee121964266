import { icmpTypeName } from '../model/icmp.js';
import { openerPort, PROTOCOLS, protocolName } from '../model/port.js';
import type { PacketEvent } from '../kernel/events.js';
import {
  EVENT_VERSION,
  type EventExplanation,
  type EventPeer,
  type EventVerdict,
  type ExplainedEvent,
} from '../report/event.js';
import { hex8 } from '../state/columns.js';
import { causesOf, explainDirection, type Cause } from '../verdict/explain.js';
import { isoTime, unixTime } from './iso-time.js';
import { labelsById, type Compiled } from './provenance.js';

export interface EventContext {
  /** Nanoseconds from CLOCK_MONOTONIC to CLOCK_REALTIME. */
  readonly offset: bigint;
  /** Name of the event's device, if there still is one. */
  readonly device: string | undefined;
}

const POLICY_REASONS = ['forwarded', 'policy-denied', 'policy-default-deny'] as const;
type PolicyReason = (typeof POLICY_REASONS)[number];

/** What a datapath tells, in the words of a program; nothing is guessed where it is not the one. */
export function explainEvent(
  event: PacketEvent,
  applied: Compiled | undefined,
  { offset, device }: EventContext,
): ExplainedEvent {
  const { time, reason, direction, protocol, isReply, program, ifindex, length } = event;
  const icmp = icmpOf(event);
  const port = (number: number): number => (icmp === undefined ? number : 0);
  const explanation = explanationOf(event, applied);
  return {
    version: EVENT_VERSION,
    type: 'packet',
    time: isoTime(time + offset),
    unixTime: unixTime(time + offset),
    monotonic: String(time),
    verdict: verdictOf(event),
    reason,
    direction,
    protocol: protocolName(protocol),
    ...(icmp === undefined ? {} : { icmp }),
    source: peerOf(event.source, port(event.sourcePort), event.sourceIdentity, applied),
    destination: peerOf(
      event.destination,
      port(event.destinationPort),
      event.destinationIdentity,
      applied,
    ),
    isReply,
    program,
    ifindex,
    ...(device === undefined ? {} : { device }),
    length,
    ...(event.version === 0 ? {} : { policyVersion: hex8(event.version) }),
    explanation,
    policies: explanation === 'applied' && applied !== undefined ? causesFor(event, applied) : [],
    ...(event.bytes === undefined ? {} : { bytes: Buffer.from(event.bytes).toString('hex') }),
  };
}

function verdictOf({ verdict, reason }: PacketEvent): EventVerdict {
  if (verdict === 'redirect') return 'redirected';
  if (verdict !== 'allow') return 'denied';
  return reason === 'forwarded' ? 'allowed' : 'audited';
}

function isOfPolicy(reason: PacketEvent['reason']): reason is PolicyReason {
  return POLICY_REASONS.includes(reason as PolicyReason);
}

function explanationOf(
  { reason, policySet, version }: PacketEvent,
  applied: Compiled | undefined,
): EventExplanation {
  if (!isOfPolicy(reason) || version === 0) return 'no-policy';
  if (applied === undefined) return 'no-provenance';
  return applied.policy.heads.get(policySet) === version ? 'applied' : 'other-version';
}

function causesFor(event: PacketEvent, { policy }: Compiled): readonly Cause[] {
  const { reason, direction, protocol, policySet } = event;
  if (!isOfPolicy(reason)) return [];
  const port = judgedPort(event);
  const why = explainDirection(policy, direction, policySet, event.class, protocol, port);
  return causesOf(why, reason === 'forwarded' ? 'allowed' : reason);
}

/** A reply is judged by the port that its flow's opener asked for. */
function judgedPort({ isReply, protocol, sourcePort, destinationPort }: PacketEvent): number {
  return isReply ? openerPort(protocol, sourcePort) : destinationPort;
}

function icmpOf({ protocol, destinationPort }: PacketEvent): ExplainedEvent['icmp'] {
  if (protocol !== PROTOCOLS.ICMP && protocol !== PROTOCOLS.ICMPv6) return undefined;
  const type = destinationPort >> 8;
  const name = icmpTypeName(type, protocol === PROTOCOLS.ICMP ? 'IPv4' : 'IPv6');
  return { type, code: destinationPort & 0xff, ...(name === undefined ? {} : { name }) };
}

function peerOf(
  address: string,
  port: number,
  identity: number,
  applied: Compiled | undefined,
): EventPeer {
  const endpoint = applied?.document.endpoints.find((e) => e.addresses.includes(address));
  const labels = applied === undefined ? undefined : labelsById(applied).get(identity);
  return {
    ...(endpoint === undefined ? {} : { endpoint: endpoint.name }),
    address,
    port,
    identity,
    labels: labels ?? {},
  };
}

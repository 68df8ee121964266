import type { EventPeer, ExplainedEvent } from '../../src/report/event.js';

export const XWING: EventPeer = {
  endpoint: 'xwing',
  address: '10.1.0.31',
  port: 40_000,
  identity: 258,
  labels: { org: 'alliance', class: 'xwing' },
};

export const DEATHSTAR: EventPeer = {
  endpoint: 'deathstar-1',
  address: '10.1.0.11',
  port: 80,
  identity: 256,
  labels: { org: 'empire', class: 'deathstar' },
};

/** A SYN of the x-wing to a death star that no rule allows. */
export function packetEvent(change: Partial<ExplainedEvent> = {}): ExplainedEvent {
  return {
    version: 1,
    type: 'packet',
    time: '2026-01-31T12:00:00.123456789Z',
    unixTime: '1769860800.123456789',
    monotonic: '77000000001',
    verdict: 'denied',
    reason: 'policy-default-deny',
    direction: 'ingress',
    protocol: 'TCP',
    source: XWING,
    destination: DEATHSTAR,
    isReply: false,
    program: 'from_endpoint',
    ifindex: 65_538,
    device: 'lxcxwing',
    length: 74,
    policyVersion: '0a1b2c3d',
    explanation: 'applied',
    policies: [{ name: 'rule1', origin: { path: 'hoth/rule1', file: 'plumb.ts', line: 26 } }],
    ...change,
  };
}

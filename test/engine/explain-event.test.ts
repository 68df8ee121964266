import { describe, expect, it } from 'vitest';
import { synthesize } from '../../src/engine/desired.js';
import { explainEvent } from '../../src/engine/explain-event.js';
import type { PacketEvent } from '../../src/kernel/events.js';
import type { ExplainedEvent } from '../../src/report/event.js';

const applied = await synthesize('examples/star-wars/plumb.ts');
const { policy, allocation } = applied;
const idOf = (name: string): number =>
  allocation.idOf(applied.document.endpoints.find((e) => e.name === name)!.labels);
const deathstar = idOf('deathstar-1');
const tiefighter = idOf('tiefighter-1');
const xwing = idOf('xwing');
const policySet = policy.policySets.get(deathstar)!;

/** The x-wing at a death star's port 80, as the datapath tells it. */
function told(change: Partial<PacketEvent> = {}): PacketEvent {
  return {
    time: 5n,
    verdict: 'deny',
    reason: 'policy-default-deny',
    direction: 'ingress',
    protocol: 6,
    source: '10.1.0.31',
    destination: '10.1.0.11',
    sourcePort: 4000,
    destinationPort: 80,
    sourceIdentity: xwing,
    destinationIdentity: deathstar,
    policySet,
    version: policy.heads.get(policySet)!,
    class: policy.classes.get(xwing)!,
    table: 1,
    ifindex: 65_540,
    length: 54,
    program: 'from_endpoint',
    isReply: false,
    ...change,
  };
}

const context = { offset: 1_769_860_800_000_000_000n, device: 'lxcxwing' };
const explain = (change?: Partial<PacketEvent>, by = applied): ExplainedEvent =>
  explainEvent(told(change), by, context);

const allowed: Partial<PacketEvent> = {
  verdict: 'allow',
  reason: 'forwarded',
  source: '10.1.0.21',
  sourceIdentity: tiefighter,
  class: policy.classes.get(tiefighter)!,
};

describe('an event of the datapath', () => {
  it('is told by the policy that isolates, at its line', () => {
    expect(explain()).toMatchObject({
      verdict: 'denied',
      explanation: 'applied',
      device: 'lxcxwing',
      time: '2026-01-31T12:00:00.000000005Z',
      source: { endpoint: 'xwing', labels: { org: 'alliance' } },
      destination: { endpoint: 'deathstar-1', port: 80 },
      policies: [{ name: 'rule1', origin: { line: 26 } }],
    });
  });

  it('is told by the rule that allows', () => {
    expect(explain(allowed)).toMatchObject({
      verdict: 'allowed',
      policies: [
        { name: 'rule1', origin: { file: expect.stringContaining('plumb.ts') as string } },
      ],
    });
  });

  it('of a reply is told by the rule that its opener met', () => {
    const reply = { ...allowed, isReply: true, sourcePort: 80, destinationPort: 4000 };
    expect(explain(reply).policies.map(({ name }) => name)).toEqual(['rule1']);
    expect(explain({ ...reply, isReply: false }).policies).toEqual([]);
  });

  it('that is only audited is told as such, by what would have denied', () => {
    expect(explain({ verdict: 'allow' })).toMatchObject({
      verdict: 'audited',
      policies: [{ name: 'rule1' }],
    });
  });

  it('of a version that the program does not make names no rule', () => {
    expect(explain({ version: 0xabcdef })).toMatchObject({
      explanation: 'other-version',
      policyVersion: '00abcdef',
      policies: [],
    });
  });

  it('without a program names no rule, no endpoint and no labels', () => {
    const event = explainEvent(told(), undefined, context);
    expect(event).toMatchObject({ explanation: 'no-provenance', policies: [] });
    expect(event.source).toEqual({
      address: '10.1.0.31',
      port: 4000,
      identity: xwing,
      labels: {},
    });
  });

  it('of a spoofed source is no policy, whatever is known', () => {
    const spoofed = explain({ reason: 'spoofed-source', version: 0 });
    expect(spoofed).toMatchObject({ explanation: 'no-policy', policies: [] });
  });

  it('of ICMP has a type, a code and no ports', () => {
    const echo = explain({ protocol: 1, destinationPort: 8 << 8, sourcePort: 77 });
    expect(echo).toMatchObject({
      protocol: 'ICMP',
      icmp: { type: 8, code: 0, name: 'EchoRequest' },
      source: { port: 0 },
      destination: { port: 0 },
    });
  });
});

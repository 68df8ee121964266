import { describe, expect, it } from 'vitest';
import type { PolicySpec } from '../../src/model/program.js';
import { policyEntries } from '../../src/synth/policy-entries.js';
import { rowsOf } from '../../src/state/columns.js';
import { ENTRY_AUDIT, ENTRY_DEFAULT, VERDICT } from '../../src/state/layout.js';
import { decide, type Side } from '../../src/verdict/decide.js';
import { verdictDelta } from '../../src/verdict/delta.js';
import type { CompiledPolicy } from '../../src/policy/compiled.js';
import { Cluster } from './worlds.js';

const cluster = new Cluster({ web: { app: 'web' }, client: { app: 'client' } });
const endpointSelector = { matchLabels: { app: 'web' } };
const port = (number: number) => ({ toPorts: [{ ports: [{ port: number }] }] }) as const;
const closed: Partial<PolicySpec> = { endpointSelector, ingress: [port(80)] };
const denying: Partial<PolicySpec> = { endpointSelector, ingressDeny: [port(80)] };
const says = (policies: Partial<PolicySpec>[], at: number) =>
  cluster.decide(cluster.compile(policies), 'client', 'web', at).ingress;

describe('an audited policy', () => {
  it('lets through what it alone denies, and tells why it would not', () => {
    expect(says([{ ...closed, audit: true }], 81)).toMatchObject({
      allowed: true,
      audited: 'policy-default-deny',
    });
    expect(says([{ ...closed, audit: true }], 80)).not.toHaveProperty('audited');
    expect(says([closed, { ...denying, audit: true }], 80)).toMatchObject({
      allowed: true,
      audited: 'policy-denied',
    });
  });

  it('opens nothing that others keep closed', () => {
    const opening = { endpointSelector, ingress: [port(81)], audit: true };
    expect(says([closed, opening], 81)).toMatchObject({
      allowed: false,
      reason: 'policy-default-deny',
    });
  });

  it('opens and closes nothing: an apply of it alone is told as audited', () => {
    const before = cluster.compile([]);
    const changes = verdictDelta(before, cluster.compile([{ ...closed, audit: true }]));
    expect([...new Set(changes.map(({ kind }) => kind))]).toEqual(['audited']);
  });

  it('is a flag of table entries', () => {
    const compiled = cluster.compile([{ ...closed, audit: true }]);
    const rows = policyEntries(compiled, { path: 'node' })
      .filter(({ map }) => map === 'plumb_tables')
      .flatMap(({ columns }) => rowsOf('plumb_tables', columns));
    expect(rows.map(({ value }) => value)).toContainEqual(
      expect.objectContaining({ verdict: VERDICT.deny, flags: ENTRY_DEFAULT | ENTRY_AUDIT }),
    );
  });
});

function decideAt(compiled: CompiledPolicy, from: Side, to: Side) {
  const { allowed, ingress } = decide(compiled, from, to, 6, 81);
  return [allowed, ingress?.audited];
}

describe('an audited endpoint', () => {
  it('gets what its policies deny, and it is told why', () => {
    const compiled = cluster.compile([closed]);
    const web = { identity: cluster.id('web'), isLocal: true };
    const client = { identity: cluster.id('client'), isLocal: true };
    expect([web, { ...web, isAudited: true }].map((to) => decideAt(compiled, client, to))).toEqual([
      [false, undefined],
      [true, 'policy-default-deny'],
    ]);
  });
});

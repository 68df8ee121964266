import { describe, expect, it } from 'vitest';
import { compileFor } from '../../src/engine/provenance.js';
import { trafficLines } from '../../src/engine/traffic.js';
import type {
  NodeSpec,
  PolicySpec,
  ProgramDocument,
  SelectorSpec,
} from '../../src/model/program.js';
import { whyText } from '../../src/report/traffic.js';
import { allocateIdentities } from '../../src/synth/identities.js';

const origin = { path: 'n' };
const node: NodeSpec = {
  origin,
  name: 'n',
  podCIDRs: ['10.0.0.0/24'],
  gateways: ['10.0.0.1'],
  addresses: [],
  allowLocalhost: true,
  enforcement: 'default',
  mtu: 1500,
};
const endpoints = ['a', 'b'].map((app, i) => ({
  origin,
  name: app,
  node: 'n',
  labels: { app },
  addresses: [`10.0.0.1${String(i)}`],
  netns: app,
}));

function compile(policies: readonly PolicySpec[], own: Partial<NodeSpec> = {}) {
  const here = { ...node, ...own };
  const document: ProgramDocument = {
    version: 1,
    nodes: [here],
    endpoints,
    policies,
    services: [],
  };
  return compileFor(document, here, allocateIdentities(endpoints));
}

const at = (line: number) => ({ path: 'p', file: 'b.ts', line });
const app = (name: string): SelectorSpec => ({ matchLabels: { app: name } });
const notIn = (...values: string[]): SelectorSpec => ({
  matchExpressions: [{ key: 'app', operator: 'NotIn', values }],
});

/** Port 80 of b for some. */
const from = (selector: SelectorSpec, line: number, subject = app('b')): PolicySpec => ({
  name: 'p',
  origin: at(line - 1),
  endpointSelector: subject,
  ingress: [
    {
      origin: at(line),
      endpoints: [selector],
      toPorts: [{ ports: [{ port: 80, protocol: 'TCP' }] }],
    },
  ],
});

const PORT_81 = { ports: [{ port: 81, protocol: 'TCP' as const }] };

type Compiled = ReturnType<typeof compile>;

function said(before: Compiled | null, after: Compiled, isApplied = true): string[] {
  const applied = isApplied ? (before ?? undefined) : undefined;
  return trafficLines(before?.policy ?? null, applied, after).map((line) =>
    [line.change, line.from, '>', line.to, line.what, whyText(line)].join(' '),
  );
}

describe('traffic of those whom nobody is', () => {
  it('is told where a selector admits more, though nobody new', () => {
    const [narrow, wide] = [compile([from(app('a'), 8)]), compile([from(notIn('b'), 9)])];
    expect(said(narrow, wide)).toEqual([
      'allow whoever is {app!=b} (nobody yet) > {app=b} 80/TCP b.ts:9',
    ]);
    expect(said(wide, narrow)).toEqual([
      'deny whoever is {app!=b} (nobody yet) > {app=b} 80/TCP b.ts:9 no longer allows it',
    ]);
  });

  it('is told where a policy comes to be about somebody', () => {
    const ghost = from(app('a'), 8, app('ghost'));
    const lines = said(compile([]), compile([ghost]));
    expect(lines).not.toEqual([]);
    for (const line of lines) {
      expect(line).toContain('> whoever is {app=ghost} (nobody yet)');
      expect(line).toMatch(/^deny .* b\.ts:8 does not allow it$/);
    }
  });

  it('is told once for those who are special cases of others', () => {
    const ghost = from(app('ghost'), 8);
    const other = { ...from({ matchLabels: { tier: 'x' } }, 20, app('a')), name: 'other' };
    const moved = { ...ghost, ingress: [{ ...ghost.ingress![0]!, toPorts: [PORT_81] }] };
    expect(said(compile([ghost, other]), compile([moved, other]))).toEqual([
      'deny whoever is {app=ghost} (nobody yet) > {app=b} 80/TCP b.ts:8 no longer allows it',
      'allow whoever is {app=ghost} (nobody yet) > {app=b} 81/TCP b.ts:8',
    ]);
  });

  it('is not told where it is said of somebody who exists', () => {
    const before = compile([from(app('a'), 8)]);
    expect(said(before, compile([from(app('b'), 8)]))).toEqual([
      'deny {app=a} > {app=b} 80/TCP b.ts:8 no longer allows it',
      'allow {app=b} > {app=b} 80/TCP b.ts:8',
    ]);
  });

  it('is none where no policy changes, or lines move', () => {
    const [one, moved] = [compile([from(notIn('b'), 8)]), compile([from(notIn('b'), 20)])];
    expect(said(one, moved)).toEqual([]);
  });

  it('is not guessed where the program before is not known', () => {
    const [narrow, wide] = [compile([from(app('a'), 8)]), compile([from(notIn('b'), 9)])];
    expect(said(narrow, wide, false)).toEqual([]);
  });

  it('is told by the first plan of rules that are about nobody else', () => {
    const isNobody = (line: string) => line.includes('(nobody yet)');
    const toGhost = from(app('a'), 20, app('ghost'));
    const both = compile([from(app('ghost'), 8), { ...toGhost, name: 'to-ghost' }]);
    expect(said(null, both).filter(isNobody)).toEqual([
      'allow whoever is {app=ghost} (nobody yet) > {app=b} 80/TCP b.ts:8',
      'allow {app=a} > whoever is {app=ghost} (nobody yet) 80/TCP b.ts:20',
    ]);
    expect(said(null, compile([from(app('a'), 8)])).filter(isNobody)).toEqual([]);
  });

  it('counts as audited where every endpoint of the node is', () => {
    const ghost = from(app('a'), 8, app('ghost'));
    const audit = { audit: true };
    const lines = said(compile([], audit), compile([ghost], audit));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/^change .*only audited$/);
  });

  it('is told to be more than could be compared, where it is', () => {
    const many = Array.from({ length: 200 }, (_, n): PolicySpec => ({
      ...from(app('a'), 8, app(`app-${String(n)}`)),
      name: `p${String(n)}`,
    }));
    const lines = said(compile([]), compile(many));
    expect(lines.at(-1)).toContain('not compared: too many combinations of labels');
  });
});

import { describe, expect, it } from 'vitest';
import { trafficLines } from '../../src/engine/traffic.js';
import type { HTTPRuleSpec } from '../../src/model/l7.js';
import type { PolicySpec, RuleSpec } from '../../src/model/program.js';
import type { CompiledPolicy } from '../../src/policy/compiled.js';
import { whyText } from '../../src/report/traffic.js';
import { Cluster } from '../policy/worlds.js';

const cluster = new Cluster({ a: { app: 'a' }, b: { app: 'b' }, c: { app: 'c' } });
const at = (line: number) => ({ path: 'p', file: 'b.ts', line });

const rule = (app: string, port: number, line: number, http?: HTTPRuleSpec[]): RuleSpec => ({
  origin: at(line),
  endpoints: [{ matchLabels: { app } }],
  toPorts: [
    { ports: [{ port, protocol: 'TCP' }], ...(http === undefined ? {} : { rules: { http } }) },
  ],
});

const about = (app: string, line: number, more: Partial<PolicySpec>): PolicySpec => ({
  name: app,
  origin: at(line),
  endpointSelector: { matchLabels: { app } },
  ...more,
});

const ingress = (rules: RuleSpec[], line = 5) => about('b', line, { ingress: rules });
const egress = (rules: RuleSpec[], line = 9) => about('a', line, { egress: rules });

const isAnyone = (who: string): boolean => who.startsWith('anyone') && !who.includes('{app=a}');

/** What becomes of traffic from a to b, in one line each: sign, ports, why. */
function said(before: CompiledPolicy, after: CompiledPolicy, applied = true): string[] {
  return trafficLines(before, applied ? { policy: before } : undefined, { policy: after })
    .filter(({ from, to }) => (from === '{app=a}' || isAnyone(from)) && to === '{app=b}')
    .map((line) => `${line.change} ${line.what} ${whyText(line)}`.trim());
}

const compile = (...policies: PolicySpec[]) => cluster.compile(policies);

describe('the line that a change of traffic names', () => {
  const toB = ingress([rule('a', 80, 8), rule('a', 81, 8)]);
  const narrow = compile(toB, egress([rule('b', 81, 11)]));
  const wide = compile(toB, egress([rule('b', 81, 11), rule('b', 80, 12)]));

  it('is the egress rule where egress alone changed, though ingress has a rule, too', () => {
    expect(said(narrow, wide)).toEqual(['allow 80/TCP b.ts:12']);
    expect(said(wide, narrow)).toEqual(['deny 80/TCP b.ts:12 no longer allows it']);
  });

  it('is the ingress rule where ingress alone changed', () => {
    const out = egress([rule('b', 80, 11)]);
    const [closed, open] = [
      compile(ingress([rule('a', 81, 7)]), out),
      compile(ingress([rule('a', 81, 7), rule('a', 80, 8)]), out),
    ];
    expect(said(closed, open)).toEqual(['allow 80/TCP b.ts:8']);
    expect(said(open, closed)).toEqual(['deny 80/TCP b.ts:8 no longer allows it']);
  });

  it('are both where both directions changed', () => {
    const closed = compile(ingress([rule('a', 81, 7)]), egress([rule('b', 81, 11)]));
    const open = compile(ingress([rule('a', 80, 8)]), egress([rule('b', 80, 12)]));
    expect(said(closed, open)).toEqual([
      'allow 80/TCP b.ts:12, b.ts:8',
      'deny 81/TCP b.ts:11, b.ts:7 no longer allow it',
    ]);
  });

  it('are all rules that allow it now, and of two ports each has its own', () => {
    const out = egress([rule('b', 1, 11)]);
    const both = [rule('b', 80, 12), rule('b', 80, 13), rule('b', 81, 14)];
    expect(said(compile(out), compile(egress([rule('b', 1, 11), ...both])))).toEqual([
      'allow 80/TCP b.ts:12, b.ts:13',
      'allow 81/TCP b.ts:14',
    ]);
  });

  it('is the denial, when it comes and when it goes', () => {
    const allow = ingress([rule('a', 80, 8)]);
    const deny = about('b', 20, { name: 'no', ingressDeny: [rule('a', 80, 21)] });
    expect(said(compile(allow), compile(allow, deny))).toEqual(['deny 80/TCP b.ts:21 denies it']);
    expect(said(compile(allow, deny), compile(allow))).toEqual([
      'allow 80/TCP b.ts:21 no longer denies it',
    ]);
  });

  it('is the rule that isolates, when it comes, and the policy, when it goes', () => {
    const [free, isolated] = [compile(), compile(ingress([], 5), ingress([rule('c', 80, 8)], 6))];
    expect(said(free, isolated)).toEqual(['deny any b.ts:8 does not allow it']);
    expect(said(isolated, free)).toEqual(['allow any b.ts:6 no longer isolates']);
  });

  it('is not guessed where the program before is not known', () => {
    expect(said(wide, narrow, false)).toEqual(['deny 80/TCP b.ts:9 does not allow it']);
  });
});

describe('traffic that is only audited', () => {
  const closed = ingress([rule('c', 80, 8)]);

  it('is told as that when auditing begins, and as closed when it ends', () => {
    const [free, audited, enforced] = [
      compile(),
      compile({ ...closed, audit: true }),
      compile(closed),
    ];
    expect(said(free, audited)).toEqual(['change any b.ts:8 would not allow it; only audited']);
    expect(said(audited, enforced)).toEqual([
      'deny any b.ts:5 does not allow it; before only audited',
    ]);
    expect(said(enforced, audited)).toEqual(['allow any b.ts:5 would not allow it; only audited']);
  });

  it('is told by endpoint: an audited one loses nothing', () => {
    const audits = (isAudited: boolean) => new Map([[257, new Map([['10.0.0.1', isAudited]])]]);
    const before = { ...compile(), audits: audits(true) };
    const after = { ...compile(closed), audits: audits(true) };
    expect(said(before, after)).toEqual(['change any b.ts:8 would not allow it; only audited']);
    expect(said(after, { ...after, audits: audits(false) })).toEqual([
      'deny any b.ts:5 does not allow it; before only audited',
    ]);
  });
});

describe('requests', () => {
  const only = (...http: HTTPRuleSpec[]) => compile(ingress([rule('a', 80, 8, http)]));
  const plain = compile(ingress([rule('a', 80, 8)]));

  it('are told when they come to be filtered, and when they are freed', () => {
    expect(said(plain, only({ path: '/x' }))).toEqual(['change 80/TCP b.ts:8; now only http /x']);
    expect(said(only({ path: '/x' }), plain)).toEqual(['change 80/TCP b.ts:8; no longer filtered']);
    expect(said(compile(ingress([rule('a', 1, 8)])), only({ path: '/x' }))).toContain(
      'allow 80/TCP b.ts:8; only http /x',
    );
  });

  it('are told by rule: which open, which close', () => {
    const [x, y] = [{ path: '/x' }, { method: 'PUT', path: '/y' }];
    expect(said(only(x), only(x, y))).toEqual(['change 80/TCP b.ts:8 opens http PUT /y']);
    expect(said(only(x, y), only(x))).toEqual(['change 80/TCP b.ts:8 closes http PUT /y']);
    expect(said(only(x, y), only(x), false)).toEqual(['change 80/TCP b.ts:8 closes http PUT /y']);
  });

  it('are not told of where the rules let the same through', () => {
    expect(said(only({ path: '/x.*' }), only({ path: '/x.*' }, { path: '/xy' }))).toEqual([]);
  });
});

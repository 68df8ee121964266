import { describe, expect, it } from 'vitest';
import {
  RESERVED,
  reservedLabels,
  type Identity,
  type ReservedName,
} from '../../src/model/identity.js';
import type { PolicySpec, RuleSpec } from '../../src/model/program.js';
import { compilePolicy, type CompileInput } from '../../src/policy/compile.js';
import type { CompiledPolicy } from '../../src/policy/compiled.js';
import { decide } from '../../src/verdict/decide.js';

const reserved = (Object.keys(RESERVED) as ReservedName[]).map((name): Identity => ({
  id: RESERVED[name],
  labels: reservedLabels(name),
}));
const WEB = 256;
const CLIENT = 257;
const DB = 258;
const identities: Identity[] = [
  ...reserved,
  { id: WEB, labels: { app: 'web' } },
  { id: CLIENT, labels: { app: 'client' } },
  { id: DB, labels: { app: 'db' } },
];

let line = 0;
function policy(spec: Partial<PolicySpec>): PolicySpec {
  const name = `policy-${++line}`;
  return {
    name,
    origin: { path: name },
    endpointSelector: { matchLabels: { app: 'web' } },
    ...spec,
  };
}

function compile(
  policies: readonly PolicySpec[],
  more: Partial<CompileInput> = {},
): CompiledPolicy {
  const node = { enforcement: 'default', allowLocalhost: false } as const;
  return compilePolicy({ policies, identities, subjects: [WEB], node, ...more });
}

/** Whether a peer may reach the web endpoint. */
function reaches(compiled: CompiledPolicy, peer: number, port = 80, protocol = 6): boolean {
  const from = { identity: peer, isLocal: false };
  return decide(compiled, from, { identity: WEB, isLocal: true }, protocol, port).allowed;
}

const ingress = (...rules: RuleSpec[]) => compile([policy({ ingress: rules })]);
const toWeb = { ports: [{ port: 80, protocol: 'TCP' }] } as const;

describe('isolation', () => {
  it('without any policy everything is allowed', () => {
    expect(reaches(compile([]), CLIENT)).toBe(true);
  });

  it('a rule without peers and ports isolates and lets nobody in', () => {
    expect(reaches(ingress({}), CLIENT)).toBe(false);
  });

  it('an empty list of rules has no effect and is warned of', () => {
    const compiled = compile([policy({ ingress: [] })]);
    expect(reaches(compiled, CLIENT)).toBe(true);
    expect(compiled.warnings).toEqual([expect.stringContaining('empty list of ingress rules')]);
  });

  it('isolates its own direction alone', () => {
    const compiled = ingress({});
    const web = { identity: WEB, isLocal: true };
    expect(decide(compiled, web, { identity: DB, isLocal: false }, 6, 80).allowed).toBe(true);
  });

  it('one policy that says true isolates although another says false', () => {
    const open = policy({ ingress: [{}], enableDefaultDeny: { ingress: false } });
    const closed = policy({ enableDefaultDeny: { ingress: true } });
    expect(reaches(compile([open]), CLIENT)).toBe(true);
    expect(reaches(compile([open, closed]), CLIENT)).toBe(false);
  });

  it('what is denied stays denied where default deny is switched off', () => {
    const compiled = compile([
      policy({ ingressDeny: [{ toPorts: [toWeb] }], enableDefaultDeny: { ingress: false } }),
    ]);
    expect([reaches(compiled, CLIENT, 80), reaches(compiled, CLIENT, 81)]).toEqual([false, true]);
  });

  it('enforcement always isolates without policies, never opens in spite of them', () => {
    const mode = (enforcement: 'always' | 'never') => ({
      node: { enforcement, allowLocalhost: false },
    });
    expect(reaches(compile([], mode('always')), CLIENT)).toBe(false);
    expect(reaches(compile([policy({ ingress: [{}] })], mode('never')), CLIENT)).toBe(true);
  });
});

describe('peers', () => {
  it('an empty list of endpoints is nobody, an empty selector is every endpoint and nobody else', () => {
    expect(reaches(ingress({ endpoints: [] }), CLIENT)).toBe(false);
    const all = ingress({ endpoints: [{}] });
    expect([CLIENT, DB].map((id) => reaches(all, id))).toEqual([true, true]);
    expect(reserved.map(({ id }) => reaches(all, id)).includes(true)).toBe(false);
  });

  it('ports without a peer mean any peer, host and world included', () => {
    const compiled = ingress({ toPorts: [toWeb] });
    for (const { id } of identities) expect(reaches(compiled, id), String(id)).toBe(true);
  });

  it('the cluster is every endpoint and reserved identity that is not the world', () => {
    const compiled = ingress({ entities: ['cluster'] });
    const outside = identities.map(({ id }) => id).filter((id) => !reaches(compiled, id));
    expect(outside).toEqual([RESERVED.world, RESERVED['world-ipv4'], RESERVED['world-ipv6']]);
  });

  it('a selector that asks for a reserved label means that identity', () => {
    const compiled = compile([
      policy({
        ingressDeny: [{ endpoints: [{ matchLabels: { 'reserved:host': '' } }] }],
        enableDefaultDeny: { ingress: false },
      }),
    ]);
    expect(reaches(compiled, RESERVED.host)).toBe(false);
    expect(reaches(compiled, RESERVED['remote-node'])).toBe(true);
  });

  it('0.0.0.0/0 is the IPv4 world, with a hole where it has an exception', () => {
    const compiled = ingress({ cidrSet: [{ cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] }] });
    const at = new Map(compiled.prefixes.map(({ prefix, identity }) => [prefix, identity]));
    expect(reaches(compiled, at.get('0.0.0.0/0')!)).toBe(true);
    expect(reaches(compiled, at.get('10.0.0.0/8')!)).toBe(false);
    expect(reaches(compiled, RESERVED['world-ipv4'])).toBe(true);
    expect(reaches(compiled, RESERVED['world-ipv6'])).toBe(false);
    expect(reaches(compiled, CLIENT)).toBe(false);
  });

  it('a denied prefix stays denied inside an allowed one, and allowed ones inside it', () => {
    const compiled = compile([
      policy({ ingress: [{ cidr: ['10.1.2.3/32'] }], ingressDeny: [{ cidr: ['10.1.2.0/24'] }] }),
    ]);
    const at = new Map(compiled.prefixes.map(({ prefix, identity }) => [prefix, identity]));
    expect(reaches(compiled, at.get('10.1.2.3/32')!)).toBe(false);
  });

  it('a rule with many prefixes is one class', () => {
    const cidr = Array.from({ length: 1000 }, (_, n) => `10.${n >> 8}.${n & 255}.0/24`);
    const compiled = ingress({ cidr });
    expect(new Set(compiled.prefixes.map(({ identity }) => identity)).size).toBe(3);
    expect(new Set(compiled.classes.values()).size).toBe(2);
  });
});

describe('traffic', () => {
  it('lists of no ports and no ICMP types allow nothing', () => {
    const rules: RuleSpec[] = [
      { toPorts: [] },
      { toPorts: [{ ports: [] }] },
      { icmps: [] },
      { icmps: [{ fields: [] }] },
      { endpoints: [{}], toPorts: [] },
    ];
    for (const rule of rules)
      expect(reaches(ingress(rule), CLIENT), JSON.stringify(rule)).toBe(false);
  });

  it('a rule with ports blocks ICMP', () => {
    expect(reaches(ingress({ endpoints: [{}], toPorts: [toWeb] }), CLIENT, 8 << 8, 1)).toBe(false);
  });

  it('an ICMP type is allowed with every code, and no other type', () => {
    const compiled = ingress({ icmps: [{ fields: [{ type: 3 }] }] });
    expect(reaches(compiled, CLIENT, (3 << 8) | 4, 1)).toBe(true);
    expect(reaches(compiled, CLIENT, 8 << 8, 1)).toBe(false);
    expect(reaches(compiled, CLIENT, 3 << 8, 58)).toBe(false);
  });
});

describe('numbers', () => {
  const one = policy({ ingress: [{ endpoints: [{ matchLabels: { app: 'client' } }] }] });
  const numbers = ({ classes, heads, versions, tables, policySets }: CompiledPolicy) =>
    JSON.stringify([
      [...classes],
      [...heads],
      [...versions].map(([id, { ingress: i, egress: e }]) => [id, [...i], [...e]]),
      [...tables],
      [...policySets],
    ]);

  it('are the same for the same program in another order', () => {
    const two = policy({ ingress: [{ entities: ['host'], toPorts: [toWeb] }] });
    expect(numbers(compile([one, two]))).toBe(numbers(compile([two, one])));
  });

  it('of a policy set stay when a rule changes, those of versions do not', () => {
    const before = compile([one]);
    const after = compile([{ ...one, ingress: [{ endpoints: [{}] }] }]);
    expect([...after.policySets]).toEqual([...before.policySets]);
    expect([...after.heads.values()]).not.toEqual([...before.heads.values()]);
  });

  it('of a version stay when the terms of another policy set split its classes', () => {
    const other = policy({
      endpointSelector: { matchLabels: { app: 'db' } },
      ingress: [{ endpoints: [{ matchLabels: { app: 'client' } }, {}] }],
    });
    const subjects = [WEB, DB];
    const before = compile([one], { subjects });
    const after = compile([one, other], { subjects });
    const head = (c: CompiledPolicy) => c.heads.get(c.policySets.get(WEB)!);
    expect(new Set(after.classes.values()).size).toBeGreaterThan(
      new Set(before.classes.values()).size,
    );
    expect(head(after)).toBe(head(before));
  });

  it('no policy that selects nobody here makes classes', () => {
    const stranger = policy({
      endpointSelector: { matchLabels: { app: 'db' } },
      ingress: [{ endpoints: [{ matchLabels: { app: 'client' } }] }],
    });
    expect(new Set(compile([stranger]).classes.values()).size).toBe(1);
  });
});

describe('a new identity', () => {
  const compiled = ingress({ endpoints: [{ matchLabels: { app: 'client' } }] });

  it('that the terms treat like another falls into its class', () => {
    const id = compiled.classOf({ id: 300, labels: { app: 'client', extra: 'yes' } });
    expect(id).toBe(compiled.classes.get(CLIENT));
  });

  it('that no class fits has none: its tables are not compiled', () => {
    const two = ingress(
      { endpoints: [{ matchLabels: { app: 'client' } }] },
      { endpoints: [{ matchLabels: { env: 'prod' } }] },
    );
    const known = two.classTerms.size;
    expect(two.classOf({ id: 300, labels: { app: 'client', env: 'prod' } })).toBeUndefined();
    expect(two.classTerms.size).toBe(known);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PolicySpec, RuleSpec } from '../../src/model/program.js';
import { Cluster } from '../policy/worlds.js';
import { DeviceNamespace, LoadedPolicy, type Shot } from './loaded-policy.js';
import type { Place } from './policy-rows.js';

const SUBSETS = 256;
const TCP = 6;
const PEER_A = { endpoints: [{ matchLabels: { app: 'a' } }] };
const port80 = (path?: string) => ({
  toPorts: [
    {
      ports: [{ port: 80, protocol: 'TCP' as const }],
      ...(path === undefined ? {} : { rules: { http: [{ path }] } }),
    },
  ],
});

/**
 * The eight columns of Cilium's table of merged rules, in its order (bit n of a row's number is column n).
 * L3 is one peer, L4 one port, L7 paths of HTTP. The table is about ingress; egress means the same.
 *
 * What comes out is compared as a verdict, not as entries of a map: the table sends traffic to the proxy
 * where a filter and a plain rule cover it, and the proxy lets all of it through; here it needs none. A row
 * of no rules is an endpoint that no policy selects.
 */
const RULES: readonly {
  readonly rule: RuleSpec;
  readonly isDenial?: boolean;
  readonly onlyA?: boolean;
  readonly only80?: boolean;
  readonly path?: string;
}[] = [
  /* 1   allow L3     */ { rule: PEER_A, onlyA: true },
  /* 2   allow L4     */ { rule: port80(), only80: true },
  /* 4   allow L3L4   */ { rule: { ...PEER_A, ...port80() }, onlyA: true, only80: true },
  /* 8   allow L4L7   */ { rule: port80('/x'), only80: true, path: '/x' },
  /* 16  allow L3L4L7 */ {
    rule: { ...PEER_A, ...port80('/y') },
    onlyA: true,
    only80: true,
    path: '/y',
  },
  /* 32  deny L3      */ { rule: PEER_A, isDenial: true, onlyA: true },
  /* 64  deny L4      */ { rule: port80(), isDenial: true, only80: true },
  /* 128 deny L3L4    */ {
    rule: { ...PEER_A, ...port80() },
    isDenial: true,
    onlyA: true,
    only80: true,
  },
];

const inSubset = (n: number) => RULES.filter((_, i) => (n >> i) & 1);

/**
 * How Cilium's documentation has it: a denial beats whatever allows, what allows all of the traffic beats
 * what allows a part, parts add up, and a selected endpoint lets in nothing else.
 */
function expected(n: number, peer: 'a' | 'b', port: number): string {
  const about = inSubset(n).filter(
    ({ onlyA, only80 }) => (peer === 'a' || onlyA !== true) && (port === 80 || only80 !== true),
  );
  if (n === 0) return 'allowed';
  if (about.some(({ isDenial }) => isDenial)) return 'denied';
  if (about.some(({ path }) => path === undefined)) return 'allowed';
  const paths = about.map(({ path }) => path);
  return paths.length === 0 ? 'denied' : `only ${paths.sort().join(' ')}`;
}

const web = (n: number): string => `web-${String(n)}`;
const labels = Object.fromEntries(
  Array.from({ length: SUBSETS }, (_, n) => [web(n), { app: 'web', set: String(n) }]),
);
const cluster = new Cluster({ a: { app: 'a' }, b: { app: 'b' }, ...labels });
const places: Place[] = ['a', 'b', ...Object.keys(labels)].map((name, slot) => ({
  identity: cluster.id(name),
  device: `d${String(slot)}`,
  isLocal: true,
  addresses: { 4: `10.9.${String(slot >> 8)}.${String(slot & 255)}`, 6: `fd99::${String(slot)}` },
}));
const placeOf = (name: string): Place =>
  places.find(({ identity }) => identity === cluster.id(name))!;
const cases = Array.from({ length: SUBSETS }, (_, n) =>
  (['a', 'b'] as const).flatMap((peer) => [80, 81].map((port) => ({ n, peer, port }))),
).flat();

describe.each(['ingress', 'egress'] as const)(
  'each of the 256 sets of rules on %s',
  (direction) => {
    const policies = Array.from({ length: SUBSETS }, (_, n) =>
      inSubset(n).map(({ rule, isDenial = false }): Partial<PolicySpec> => ({
        endpointSelector: { matchLabels: { set: String(n) } },
        [isDenial ? `${direction}Deny` : direction]: [rule],
      })),
    ).flat();
    const compiled = cluster.compile(policies);
    const ends = (n: number, peer: string): readonly [string, string] =>
      direction === 'ingress' ? [peer, web(n)] : [web(n), peer];
    let namespace: DeviceNamespace;

    beforeAll(() => {
      namespace = new DeviceNamespace(places.length);
    });
    afterAll(() => {
      namespace.dispose();
    });

    it('compiles to what Cilium documents', () => {
      for (const { n, peer, port } of cases) {
        const decision = cluster.decide(compiled, ...ends(n, peer), port);
        const listener = compiled.listeners.get(decision[direction]?.entry?.listener ?? 0);
        const paths = listener?.rules.map(({ rule }) => (rule as { path: string }).path);
        const said = !decision.allowed
          ? 'denied'
          : paths === undefined
            ? 'allowed'
            : `only ${paths.join(' ')}`;
        expect(said, JSON.stringify({ n, peer, port })).toBe(expected(n, peer, port));
      }
    });

    it('does that in the datapath; what is to be filtered does not pass where nobody filters', async () => {
      const loaded = await LoadedPolicy.open(namespace);
      try {
        await loaded.load(compiled, places);
        const shots = cases.map(({ n, peer, port }, i): Shot => {
          const [from, to] = ends(n, peer);
          const [source, destination] = [placeOf(from), placeOf(to)];
          const family = i % 2 === 0 ? 4 : 6;
          const addresses = {
            source: source.addresses[family],
            destination: destination.addresses[family],
          };
          const wire = {
            ...addresses,
            protocol: TCP,
            sourcePort: 20_000 + i,
            destinationPort: port,
          };
          return { device: source.device, program: 'from_endpoint', wire };
        });
        const outcomes = await loaded.judge(shots);
        cases.forEach(({ n, peer, port }, i) => {
          const wanted = expected(n, peer, port);
          const { dropped, event } = outcomes[i]!;
          const text = JSON.stringify({ n, peer, port, wanted });
          expect(dropped, text).toBe(wanted !== 'allowed');
          if (wanted.startsWith('only')) expect(event?.reason, text).toBe('proxy-unavailable');
        });
      } finally {
        loaded.close();
      }
    });
  },
);

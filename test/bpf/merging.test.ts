import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PolicySpec, RuleSpec } from '../../src/model/program.js';
import { Cluster } from '../policy/worlds.js';
import { DeviceNamespace, LoadedPolicy, type Place, type Shot } from './loaded-policy.js';

const SUBSETS = 256;
const TCP = 6;
const fromA = { endpoints: [{ matchLabels: { app: 'a' } }] };
const port80 = (path?: string) => ({
  toPorts: [
    {
      ports: [{ port: 80, protocol: 'TCP' as const }],
      ...(path === undefined ? {} : { rules: { http: [{ path }] } }),
    },
  ],
});

/** What can be said of somebody: who it is about, which port, and which paths of HTTP, or that it is denied. */
const RULES: readonly {
  readonly rule: RuleSpec;
  readonly isDenial?: boolean;
  readonly onlyA?: boolean;
  readonly only80?: boolean;
  readonly path?: string;
}[] = [
  { rule: { endpoints: [{}] } },
  { rule: fromA, onlyA: true },
  { rule: port80(), only80: true },
  { rule: { ...fromA, ...port80() }, onlyA: true, only80: true },
  { rule: port80('/x'), only80: true, path: '/x' },
  { rule: { ...fromA, ...port80('/y') }, onlyA: true, only80: true, path: '/y' },
  { rule: fromA, isDenial: true, onlyA: true },
  { rule: port80(), isDenial: true, only80: true },
];

const inSubset = (n: number) => RULES.filter((_, i) => (n >> i) & 1);

/**
 * How Cilium's documentation has it: a denial beats whatever allows, what allows all of the traffic beats
 * what allows a part, parts add up, and a selected endpoint lets in nothing else.
 */
function expected(n: number, who: 'a' | 'b', port: number): string {
  const about = inSubset(n).filter(
    ({ onlyA, only80 }) => (who === 'a' || onlyA !== true) && (port === 80 || only80 !== true),
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
const policies = Array.from({ length: SUBSETS }, (_, n) =>
  inSubset(n).map(({ rule, isDenial = false }): Partial<PolicySpec> => ({
    endpointSelector: { matchLabels: { set: String(n) } },
    ...(isDenial ? { ingressDeny: [rule] } : { ingress: [rule] }),
  })),
).flat();
const compiled = cluster.compile(policies);
const cases = Array.from({ length: SUBSETS }, (_, n) =>
  (['a', 'b'] as const).flatMap((who) => [80, 81].map((port) => ({ n, who, port }))),
).flat();

describe('each of the 256 sets of rules about a port, a peer and paths', () => {
  let namespace: DeviceNamespace;
  const places: Place[] = ['a', 'b', ...Object.keys(labels)].map((name, slot) => ({
    identity: cluster.id(name),
    device: `d${String(slot)}`,
    isLocal: true,
    addresses: { 4: `10.9.${String(slot >> 8)}.${String(slot & 255)}`, 6: `fd99::${String(slot)}` },
  }));
  const placeOf = (name: string): Place =>
    places.find(({ identity }) => identity === cluster.id(name))!;

  beforeAll(() => {
    namespace = new DeviceNamespace(places.length);
  });
  afterAll(() => {
    namespace.dispose();
  });

  it('compiles to what Cilium documents', () => {
    for (const { n, who, port } of cases) {
      const { allowed, ingress } = cluster.decide(compiled, who, web(n), port);
      const listener = compiled.listeners.get(ingress?.entry?.listener ?? 0);
      const paths = listener?.rules.map(({ rule }) => (rule as { path: string }).path);
      const said = !allowed
        ? 'denied'
        : paths === undefined
          ? 'allowed'
          : `only ${paths.join(' ')}`;
      expect(said, JSON.stringify({ n, who, port })).toBe(expected(n, who, port));
    }
  });

  it('does that in the datapath; what is to be filtered does not pass where nobody filters', async () => {
    const loaded = await LoadedPolicy.load(compiled, places, namespace);
    try {
      const shots = cases.map(({ n, who, port }, i): Shot => {
        const [source, destination] = [placeOf(who), placeOf(web(n))];
        const family = i % 2 === 0 ? 4 : 6;
        const ends = {
          source: source.addresses[family],
          destination: destination.addresses[family],
        };
        const wire = { ...ends, protocol: TCP, sourcePort: 20_000 + i, destinationPort: port };
        return { device: source.device, isFromEndpoint: true, wire };
      });
      const outcomes = await loaded.judge(shots);
      cases.forEach(({ n, who, port }, i) => {
        const wanted = expected(n, who, port);
        const { dropped, event } = outcomes[i]!;
        const text = JSON.stringify({ n, who, port, wanted });
        expect(dropped, text).toBe(wanted !== 'allowed');
        if (wanted.startsWith('only')) expect(event?.reason, text).toBe('proxy-unavailable');
      });
    } finally {
      loaded.close();
    }
  });
});

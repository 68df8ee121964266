import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RESERVED } from '../../src/model/identity.js';
import type { PortRange } from '../../src/model/port.js';
import { decide } from '../../src/verdict/decide.js';
import { verdictDelta, type PeerGroup } from '../../src/verdict/delta.js';
import { policies, world, type PolicyWorld } from '../policy/arbitraries.js';
import { ADDRESSES } from '../policy/arbitrary-rules.js';
import { judgeNaively, type End } from '../policy/naive.js';
import { compileWorld, sideOf } from '../policy/resolve.js';

/** A world before and after its policies changed; nobody came or went. */
const change = fc
  .tuple(world, policies)
  .map(([before, next]): [PolicyWorld, PolicyWorld] => [before, { ...before, policies: next }]);

/** Everybody who can be at one end. */
function endsOf({ endpoints, local }: PolicyWorld): End[] {
  return [
    ...endpoints.map((labels, n): End => ({ kind: 'endpoint', labels, isLocal: n < local })),
    ...(['host', 'remote-node', 'unmanaged'] as const).map((name): End => ({
      kind: 'reserved',
      name,
    })),
    ...ADDRESSES.map((address): End => ({ kind: 'address', address })),
  ];
}

const PROBES = [0, 1, 80, 81, 443, 1024, 32_768, 65_535].map((port) => ({ protocol: 6, port }));
const OTHERS = [
  { protocol: 17, port: 53 },
  { protocol: 132, port: 80 },
  { protocol: 1, port: 8 << 8 },
  { protocol: 58, port: 128 << 8 },
  { protocol: 47, port: 0 },
];

function covers(ports: PortRange, protocol: number, port: number, named: ReadonlySet<number>) {
  if (ports.protocol === 0) return !named.has(protocol);
  return ports.protocol === protocol && ports.from <= port && port <= ports.to;
}

describe('the delta between two policies', () => {
  it('names exactly the connections whose verdict changes, whatever their prefixes are called', () => {
    fc.assert(
      fc.property(change, ([old, next]) => {
        const [before, after] = [compileWorld(old), compileWorld(next)];
        const changes = verdictDelta(before, after);
        const isAt = (group: PeerGroup, end: End) => {
          const { identity } = sideOf(next, after, end);
          if (!group.identities.includes(identity)) return false;
          if (end.kind !== 'address' || group.prefixes === undefined) return true;
          return group.prefixes.includes(
            regionOf(end.address, [...before.prefixes, ...after.prefixes]),
          );
        };
        const ends = endsOf(next);
        for (const from of ends) {
          for (const to of ends) {
            if (![from, to].some((end) => end.kind === 'endpoint' && end.isLocal)) continue;
            const here = changes.filter((c) => isAt(c.from, from) && isAt(c.to, to));
            const named = new Set(here.map(({ ports }) => ports.protocol));
            for (const { protocol, port } of [...PROBES, ...OTHERS]) {
              const packet = { from, to, protocol, port };
              const was = judgeNaively(old.policies, old.node, packet).allowed;
              const is = judgeNaively(next.policies, next.node, packet).allowed;
              const said = here.filter(({ ports }) => covers(ports, protocol, port, named));
              const expected = was === is ? [] : [is];
              expect([...new Set(said.map((c) => c.allowed))], JSON.stringify(packet)).toEqual(
                expected,
              );
            }
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('between a policy and itself is nothing', () => {
    fc.assert(
      fc.property(world, (one) => {
        expect(verdictDelta(compileWorld(one), compileWorld(one))).toEqual([]);
      }),
    );
  });

  it('from no policy at all is everything that is allowed now', () => {
    fc.assert(
      fc.property(world, (one) => {
        const compiled = compileWorld(one);
        const opened = verdictDelta(null, compiled);
        expect(opened.every(({ allowed }) => allowed)).toBe(true);
        for (const { from, to, ports } of opened) {
          const side = (group: PeerGroup) => ({
            identity: group.identities[0]!,
            isLocal: group.local[1],
          });
          const protocol = ports.protocol === 0 ? 47 : ports.protocol;
          expect(decide(compiled, side(from), side(to), protocol, ports.from).allowed).toBe(true);
        }
      }),
    );
  });

  it('groups who is treated alike before and after', () => {
    const labels = [{ app: 'a' }, { app: 'b' }, { app: 'c' }];
    const open: PolicyWorld = {
      policies: [],
      endpoints: labels,
      local: 1,
      nodes: [],
      node: { enforcement: 'default', allowLocalhost: true },
    };
    const closed: PolicyWorld = {
      ...open,
      policies: [
        {
          name: 'p',
          origin: { path: 'p' },
          endpointSelector: { matchLabels: { app: 'a' } },
          ingress: [
            {
              endpoints: [{ matchLabels: { app: 'b' } }],
              toPorts: [{ ports: [{ port: 80, protocol: 'TCP' }] }],
            },
          ],
        },
      ],
    };
    const changes = verdictDelta(compileWorld(open), compileWorld(closed));
    expect(changes.every(({ to, allowed }) => to.identities.includes(256) && !allowed)).toBe(true);
    const fromB = changes.filter(({ from }) => from.identities.includes(257));
    const tcp = fromB
      .filter(({ ports }) => ports.protocol === 6)
      .map(({ ports }) => [ports.from, ports.to]);
    expect(tcp).toEqual([
      [0, 79],
      [81, 65_535],
    ]);
    expect(changes.some(({ from }) => from.identities.includes(RESERVED.host))).toBe(false);
    const group = changes.find(({ from }) => from.identities.includes(258))?.from.identities;
    expect(group).toEqual(expect.arrayContaining([258, RESERVED['remote-node']]));
  });
});

/** The longest prefix of either policy around an address. */
function regionOf(address: string, prefixes: readonly { readonly prefix: string }[]): string {
  const world1 = {
    policies: [],
    endpoints: [],
    local: 0,
    nodes: [],
    node: { enforcement: 'default', allowLocalhost: false },
  } as const;
  const numbered = prefixes.map(({ prefix }, identity) => ({ prefix, identity: identity + 1 }));
  const { identity } = sideOf(world1, { prefixes: numbered } as never, {
    kind: 'address',
    address,
  });
  return numbered[identity - 1]?.prefix ?? '';
}

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RESERVED } from '../../src/model/identity.js';
import type { PortRange } from '../../src/model/port.js';
import type { CompiledPolicy } from '../../src/policy/compiled.js';
import { judgeRequest } from '../../src/policy/match-l7.js';
import { decide } from '../../src/verdict/decide.js';
import { verdictDelta, type VerdictChange } from '../../src/verdict/delta.js';
import type { PeerGroup } from '../../src/verdict/groups.js';
import {
  FIRST,
  policiesWithRequests,
  world,
  worldWithRequests,
  type PolicyWorld,
} from '../policy/arbitraries.js';
import { ADDRESSES, REQUESTS } from '../policy/arbitrary-rules.js';
import { letsThrough } from '../policy/naive-requests.js';
import { judgeNaively, type End, type Packet } from '../policy/naive.js';
import { compileWorld, sideOf } from '../policy/resolve.js';

/** A world and which of its endpoints are only audited. */
interface AuditedWorld extends PolicyWorld {
  readonly audited: readonly boolean[];
}

const audited = fc.array(fc.constantFrom(false, false, false, true), {
  minLength: 8,
  maxLength: 8,
});

/** A world before and after its policies changed; nobody came or went. */
const change = fc
  .tuple(worldWithRequests, policiesWithRequests, audited, audited)
  .map(([before, next, was, is]): [AuditedWorld, AuditedWorld] => [
    { ...before, audited: was },
    { ...before, policies: next, audited: is },
  ]);

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

function compileAudited(one: AuditedWorld): CompiledPolicy {
  const local = one.endpoints.slice(0, one.local);
  const audits = local.map((_, n) => {
    return [FIRST + n, new Map([[`10.0.0.${n}`, one.audited[n] ?? false]])] as const;
  });
  return { ...compileWorld(one), audits: new Map(audits) };
}

const ALL = REQUESTS.map(() => true);
const NONE = REQUESTS.map(() => false);

/** What a packet, and each request on it, comes to by the words of the policies. */
function naively({ policies, node, endpoints, audited: lenient }: AuditedWorld, packet: Packet) {
  const { from, to } = packet;
  const said = judgeNaively(policies, node, packet);
  const isLenient = (end: End): boolean =>
    end.kind === 'endpoint' && end.isLocal && lenient[endpoints.indexOf(end.labels)] === true;
  const denied = (['egress', 'ingress'] as const).filter(
    (d) => said[d] !== undefined && said[d] !== 'allow',
  );
  const spared = denied.filter((d) => isLenient(d === 'egress' ? from : to));
  const passes = denied.length === spared.length;
  const only = said.only.filter((_, i) => !isLenient(said.by[i] === 'egress' ? from : to));
  return {
    passes,
    isAudited: passes && said.audited.length + spared.length > 0,
    requests:
      only.length === 0 || !passes
        ? passes
          ? ALL
          : NONE
        : REQUESTS.map((request) => letsThrough(only, request)),
  };
}

type Naive = ReturnType<typeof naively>;

/** The kinds of change that there are to be; and which requests pass, where filters are told. */
function expectedOf(was: Naive, is: Naive, filters: boolean) {
  const both = was.passes && is.passes;
  const isFiltered = !isDeepStrictEqual(was.requests, is.requests);
  return {
    opened: !was.passes && is.passes,
    closed: was.passes && !is.passes,
    audited: both && !was.isAudited && is.isAudited,
    enforced: both && was.isAudited && !is.isAudited,
    // Rules may differ where the requests do not: then it is told what they let through.
    requests: filters || isFiltered ? [was.requests, is.requests] : 'unchanged',
  };
}

/** The same, as the changes tell it. */
function statementOf(
  said: readonly VerdictChange[],
  before: CompiledPolicy,
  after: CompiledPolicy,
) {
  const is = (kind: VerdictChange['kind']): boolean => said.some((one) => one.kind === kind);
  const [filtered] = said.filter(({ kind }) => kind !== 'audited' && kind !== 'enforced');
  const passing = (time: 0 | 1): boolean[] => {
    if (filtered?.kind === (time === 0 ? 'opened' : 'closed')) return REQUESTS.map(() => false);
    const { listeners } = time === 0 ? before : after;
    const filters = filtered?.filters[time].map((id) => listeners.get(id)!) ?? [];
    return REQUESTS.map((http) =>
      filters.every((listener) => judgeRequest(listener, { http })?.allowed === true),
    );
  };
  return {
    filters: filtered !== undefined,
    said: {
      opened: is('opened'),
      closed: is('closed'),
      audited: is('audited'),
      enforced: is('enforced'),
      requests: filtered === undefined ? 'unchanged' : [passing(0), passing(1)],
    },
  };
}

describe('the delta between two policies', () => {
  it('names exactly the connections and requests whose verdict changes', () => {
    fc.assert(
      fc.property(change, ([old, next]) => {
        const [before, after] = [compileAudited(old), compileAudited(next)];
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
              const [was, is] = [naively(old, packet), naively(next, packet)];
              const said = here.filter(({ ports }) => covers(ports, protocol, port, named));
              const found = statementOf(said, before, after);
              const expected = expectedOf(was, is, found.filters);
              if (isDeepStrictEqual(found.said, expected)) continue;
              expect(found.said, JSON.stringify(packet)).toEqual(expected);
            }
          }
        }
      }),
      { numRuns: 15 },
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
        expect(opened.every(({ kind }) => kind === 'opened')).toBe(true);
        for (const { from, to, ports } of opened) {
          const side = (group: PeerGroup) => ({
            identity: group.identities[0]!,
            isLocal: group.seats[1].isLocal,
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
    expect(changes.every(({ to, kind }) => to.identities.includes(256) && kind === 'closed')).toBe(
      true,
    );
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

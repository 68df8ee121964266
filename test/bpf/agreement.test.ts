import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompiledPolicy } from '../../src/policy/compiled.js';
import { decide } from '../../src/verdict/decide.js';
import { worldWithPackets, type PolicyWorld } from '../policy/arbitraries.js';
import { judgeNaively, type End, type Packet } from '../policy/naive.js';
import { compileWorld, sideOf } from '../policy/resolve.js';
import { DeviceNamespace, LoadedPolicy, type Shot } from './loaded-policy.js';
import { denying, nodePlaces, placesOf, SLOTS } from './places.js';
import { reservedPlaces, type Place } from './policy-rows.js';

/** Packets judged in one run of this test, at least. */
const PACKETS = 10_000;
/** Most drawings of twenty worlds; two are mostly enough. */
const ROUNDS = 30;
/** Packets of each outcome, at least; the rarer ones are not in every hundred worlds. */
const LEAST = {
  allowed: PACKETS / 10,
  dropped: PACKETS / 10,
  ofHost: PACKETS / 50,
  deniedHost: 1,
} as const;
const OUTCOMES = ['allowed', 'dropped', 'ofHost', 'deniedHost'] as const;
const FIRST_PORT = 20_000;
const ICMP = 1;
const ICMPV6 = 58;
/** Whatever device the programs of uplinks run on, they judge alike. */
const UPLINK = 'd0';
/** IPsec is an extension header to IPv6, which the datapath drops before any policy. */
const ESP = 50;

let namespace: DeviceNamespace;
let loaded: LoadedPolicy;
beforeAll(async () => {
  namespace = new DeviceNamespace(SLOTS);
  loaded = await LoadedPolicy.open(namespace);
});
afterAll(() => {
  loaded.close();
  namespace.dispose();
});

function isHost(end: End): boolean {
  return end.kind === 'reserved' && end.name === 'host';
}

/** A packet of a world in bytes; undefined where no such packet can be, or one before was of its flow. */
function shotsOf(world: PolicyWorld, packets: readonly Packet[]): (Shot | undefined)[] {
  const { own, twins } = placesOf(world);
  const reserved = new Map(reservedPlaces().map((place) => [place.identity, place]));
  const flows = new Set<string>();
  return packets.map(({ from, to, protocol, port }, n) => {
    const find = (end: End, row: readonly Place[]) =>
      end.kind === 'endpoint'
        ? row[world.endpoints.indexOf(end.labels)]
        : end.kind === 'reserved'
          ? reserved.get(sideOf(world, empty, end).identity)
          : end.kind === 'node'
            ? nodePlaces(world)[world.nodes.indexOf(end.labels)]
            : { device: '', isLocal: false, addresses: { 4: end.address, 6: end.address } };
    const isSame = from.kind === 'endpoint' && to.kind === 'endpoint' && from.labels === to.labels;
    const [source, destination] = [find(from, own), find(to, isSame ? twins : own)];
    if (source === undefined || destination === undefined) throw new Error('nobody is there');
    const family = familyOf(from, to, protocol, n);
    if (family === undefined) return undefined;
    const wire = {
      source: source.addresses[family],
      destination: destination.addresses[family],
      protocol,
      sourcePort: FIRST_PORT + n,
      destinationPort: port,
    };
    const sides = [`${wire.source} ${ports(wire, 0)}`, `${wire.destination} ${ports(wire, 1)}`];
    const flow = [protocol, ...sides.sort()].join(' ');
    if (flows.has(flow)) return undefined;
    flows.add(flow);
    const device = UPLINK;
    if (source.isLocal) return { program: 'from_endpoint', device: source.device, wire };
    if (destination.isLocal) return { program: 'to_endpoint', device: destination.device, wire };
    return { program: isHost(from) ? 'to_uplink' : 'from_uplink', device, wire };
  });
}

/** Names alone are looked up in it. */
const empty = { prefixes: [] } as unknown as CompiledPolicy;

function ports({ protocol, sourcePort, destinationPort }: Shot['wire'], side: 0 | 1): number {
  if (protocol === ICMP || protocol === ICMPV6) return sourcePort;
  return [6, 17, 132].includes(protocol) ? [sourcePort, destinationPort][side]! : 0;
}

function familyOf(from: End, to: End, protocol: number, n: number): 4 | 6 | undefined {
  const address = [from, to].find((end) => end.kind === 'address')?.address;
  const wanted = address === undefined ? undefined : address.includes(':') ? 6 : 4;
  const needed = { [ICMP]: 4 as const, [ICMPV6]: 6 as const, [ESP]: 4 as const }[protocol];
  if (wanted !== undefined && needed !== undefined && wanted !== needed) return undefined;
  return wanted ?? needed ?? (n % 2 === 0 ? 4 : 6);
}

describe('for any policies and packets', () => {
  it('the datapath, the compiled policy and reading every rule agree, also on why', async () => {
    let judged = 0;
    const seen = { allowed: 0, dropped: 0, ofHost: 0, deniedHost: 0 };
    const isEnough = () =>
      judged >= PACKETS && OUTCOMES.every((outcome) => seen[outcome] >= LEAST[outcome]);
    const property = fc.asyncProperty(worldWithPackets(400), async ([world, packets]) => {
      const compiled = compileWorld(world);
      const { own, twins } = placesOf(world);
      const shots = shotsOf(world, packets);
      await loaded.load(compiled, [...own, ...twins, ...nodePlaces(world)]);
      const outcomes = await loaded.judge(shots.filter((shot) => shot !== undefined));
      let next = 0;
      packets.forEach((packet, n) => {
        if (shots[n] === undefined) return;
        const outcome = outcomes[next++]!;
        const from = sideOf(world, compiled, packet.from);
        const to = sideOf(world, compiled, packet.to);
        const decision = decide(compiled, from, to, packet.protocol, packet.port);
        const { allowed } = judgeNaively(world.policies, world.node, packet);
        const text = JSON.stringify(packet);
        expect([!outcome.dropped, decision.allowed], text).toEqual([allowed, allowed]);
        judged++;
        seen[allowed ? 'allowed' : 'dropped']++;
        if (shots[n].program.endsWith('uplink')) seen[allowed ? 'ofHost' : 'deniedHost']++;
        const by = denying(decision);
        if (by === undefined) return expect(outcome.event, text).toBeUndefined();
        const { audited, reason = audited, direction, policySet, version, class: peer, table } = by;
        expect(outcome.event, text).toMatchObject({
          ...{ reason, direction, policySet, version, class: peer, table },
          sourceIdentity: from.identity,
          destinationIdentity: to.identity,
        });
      });
    });
    for (let round = 0; round < ROUNDS && !isEnough(); round++) {
      await fc.assert(property, { numRuns: 20 });
    }
    expect(isEnough(), JSON.stringify(seen)).toBe(true);
  });
});

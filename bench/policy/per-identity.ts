import type { CompileInput } from '../../src/policy/compile.js';
import type { RuleSpec, SelectorSpec } from '../../src/model/program.js';

/** Endpoint to what its map would hold: (identity, direction, protocol, port) to 1 for allowed. */
export type MapsByEndpoint = ReadonlyMap<number, ReadonlyMap<number, number>>;

/**
 * The other way to write policy down: a map for every endpoint with an entry for every identity that
 * a rule selects. Knows what workload W needs and no more (selectors of one label, single ports), and
 * finds identities by an index of labels, so that it is no straw man.
 */
export function compilePerIdentity({
  policies,
  identities,
  subjects,
}: CompileInput): MapsByEndpoint {
  const byPair = new Map<string, number[]>();
  for (const { id, labels } of identities) {
    for (const key in labels) {
      const pair = `${key}=${labels[key] ?? ''}`;
      const list = byPair.get(pair);
      if (list === undefined) byPair.set(pair, [id]);
      else list.push(id);
    }
  }
  const select = ({ matchLabels = {} }: SelectorSpec): readonly number[] => {
    const [pair] = Object.entries(matchLabels);
    return byPair.get(pair?.join('=') ?? '') ?? [];
  };
  const maps = new Map(subjects.map((id) => [id, new Map<number, number>()]));
  const write = (map: Map<number, number>, rules: readonly RuleSpec[], direction: 0 | 1): void => {
    for (const { endpoints = [], toPorts = [] } of rules) {
      for (const { port } of toPorts.flatMap((group) => group.ports)) {
        for (const id of endpoints.flatMap(select)) {
          map.set((id * 2 + direction) * 65_536 + Number(port), 1);
        }
      }
    }
  };
  for (const { endpointSelector, ingress = [], egress = [] } of policies) {
    for (const subject of select(endpointSelector ?? {})) {
      const map = maps.get(subject);
      if (map === undefined) continue;
      write(map, ingress, 0);
      write(map, egress, 1);
    }
  }
  return maps;
}

export function countEntries(maps: MapsByEndpoint): number {
  let count = 0;
  for (const map of maps.values()) count += map.size;
  return count;
}

import { identityText } from '../engine/labels.js';
import type { Matrix } from '../report/matrix.js';
import { resourceToJson } from '../state/json.js';
import type { EntriesResource } from '../state/state.js';
import type { Network } from './network.js';

/** What `expect.addSnapshotSerializer` of vitest and jest takes. */
export interface SnapshotSerializer {
  test(value: unknown): boolean;
  /** @param rest what the framework hands on, its printer last */
  serialize(value: unknown, ...rest: readonly unknown[]): string;
}

/** Fields that hold the number of an identity, wherever they are. */
const FIELDS = ['identity', 'sourceIdentity', 'destinationIdentity'];

/**
 * Names identities by their labels in snapshots, so that these do not change when numbers do: in a matrix,
 * in rows of maps (of a state or plan), in verdicts and events. `expect.addSnapshotSerializer(identitySerializer(network))`.
 */
export function identitySerializer({
  identities,
}: Pick<Network, 'identities'>): SnapshotSerializer {
  const nameOf = (id: number): string => identityText(id, identities.get(id));
  return {
    test: (value) => isMatrix(value) || isEntries(value) || numbersIn(value).length > 0,
    serialize: (value, ...rest) => {
      const print = rest.at(-1) as (value: unknown, ...rest: unknown[]) => string;
      return print(named(value as object, nameOf), ...rest.slice(0, -1));
    },
  };
}

function named(value: object, nameOf: (id: number) => string): object {
  if (isMatrix(value)) return namedMatrix(value, nameOf);
  if (isEntries(value)) return resourceToJson(value);
  const names = numbersIn(value).map(([field, id]) => [field, nameOf(id)]);
  return { ...value, ...(Object.fromEntries(names) as object) };
}

/** Peers by name alone, sorted, and pairs in the order of the names of their ends. */
function namedMatrix(matrix: Matrix, nameOf: (id: number) => string): object {
  const { peers, pairs, ...rest } = matrix;
  const byName = pairs.map((pair) => ({ ...pair, from: nameOf(pair.from), to: nameOf(pair.to) }));
  const orderOf = ({ from, to }: (typeof byName)[number]): string => `${from}\n${to}`;
  return {
    ...rest,
    peers: peers.map(({ id }) => nameOf(id)).sort(),
    pairs: byName.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)),
  };
}

function isMatrix(value: unknown): value is Matrix {
  return isObject(value) && 'peers' in value && 'pairs' in value && hasNumbers(value.peers);
}

function hasNumbers(peers: unknown): boolean {
  return Array.isArray(peers) && peers.every((peer: unknown) => isObject(peer) && 'id' in peer);
}

/** As a State or Plan holds rows: packed, which no reader of a snapshot could tell. */
function isEntries(value: unknown): value is EntriesResource {
  return isObject(value) && 'columns' in value && 'map' in value;
}

function numbersIn(value: unknown): (readonly [string, number])[] {
  if (!isObject(value)) return [];
  return Object.entries(value).filter(
    (entry): entry is [string, number] => FIELDS.includes(entry[0]) && typeof entry[1] === 'number',
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

import { createHash } from 'node:crypto';
import { NODE_IDENTITY_MIN, RESERVED, reservedLabels, type Identity } from '../model/identity.js';
import type { Labels, NodeSpec } from '../model/program.js';

/**
 * Who a node is, seen from another one or from itself. Other nodes with labels have numbers of their own,
 * those with the same labels the same one: the first 24 bits of a SHA-256 of the labels below bit 25.
 */
export function nodeIdentity(
  { name, labels = {}, isApiServer }: NodeSpec,
  here: Pick<NodeSpec, 'name'>,
): Identity {
  const isHere = name === here.name;
  const own: Labels = {
    ...reservedLabels(isHere ? 'host' : 'remote-node'),
    ...(isApiServer === true && reservedLabels('kube-apiserver')),
    ...labels,
  };
  if (isHere) return { id: RESERVED.host, labels: own };
  const isPlain = Object.keys(labels).length === 0 && isApiServer !== true;
  return { id: isPlain ? RESERVED['remote-node'] : numberOf(own), labels: own };
}

function numberOf(labels: Labels): number {
  const text = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
  const hash = createHash('sha256').update(text).digest().readUInt32BE(0);
  return NODE_IDENTITY_MIN | (hash >>> 8);
}

/** The identities that a node knows: `given`, where this one has its labels, and those of other nodes. */
export function withNodes(
  given: readonly Identity[],
  nodes: readonly NodeSpec[],
  here: NodeSpec,
): readonly Identity[] {
  const own = new Map(nodes.map((node) => nodeIdentity(node, here)).map((one) => [one.id, one]));
  // Most programs have nodes without labels: then what was given is, to the object, what it was.
  if ([...own.values()].every(({ labels }) => Object.keys(labels).length === 1)) return given;
  const known = new Set(given.map(({ id }) => id));
  const more = [...own.values()].filter(({ id }) => !known.has(id));
  return [...given.map((identity) => own.get(identity.id) ?? identity), ...more].sort(
    (a, b) => a.id - b.id,
  );
}

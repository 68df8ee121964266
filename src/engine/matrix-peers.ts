import { isNameIdentity, RESERVED, type Identity } from '../model/identity.js';
import type { EndpointSpec } from '../model/program.js';
import { FQDN_SOURCE } from '../policy/fqdn.js';
import { isEndpointIdentity } from '../policy/peers.js';
import type { MatrixPeer } from '../report/matrix.js';
import { nodeIdentity } from '../synth/node-identities.js';
import { identityText, listText } from './labels.js';
import { labelsById, type Compiled } from './provenance.js';

/**
 * Everybody whom the program can tell apart: endpoints by their identity, the host, the world of each
 * family, nodes, and whoever else rules name: prefixes, names, reserved identities. Sorted by number.
 */
export function peersOf(compiled: Compiled): MatrixPeer[] {
  const { document, allocation, node } = compiled;
  const endpoints = new Map<number, EndpointSpec[]>();
  for (const endpoint of document.endpoints) {
    const id = allocation.idOf(endpoint.labels);
    endpoints.set(id, [...(endpoints.get(id) ?? []), endpoint]);
  }
  const others = document.nodes.filter(({ name }) => name !== node.name);
  const nodes = new Map<number, string[]>();
  for (const one of others) {
    const { id } = nodeIdentity(one, node);
    nodes.set(id, [...(nodes.get(id) ?? []), one.name]);
  }
  const peers = [
    ...[...endpoints].map(([id, own]) => endpointPeer(compiled, id, own)),
    ...[...nodes].map(([id, names]) => nodePeer(compiled, id, names)),
    ...prefixPeers(compiled),
    ...namePeers(compiled),
  ];
  const known = new Set(peers.map(({ id }) => id));
  const reserved = reservedPeers(compiled).filter(({ id }) => !known.has(id));
  return [...peers, ...reserved].sort((a, b) => a.id - b.id);
}

function endpointPeer(compiled: Compiled, id: number, own: readonly EndpointSpec[]): MatrixPeer {
  const labels = labelsById(compiled).get(id);
  return {
    id,
    kind: 'endpoints',
    name: identityText(id, labels),
    endpoints: own.map(({ name }) => name).sort(),
    labels: labels ?? {},
    local: compiled.policy.policySets.has(id),
  };
}

function nodePeer(compiled: Compiled, id: number, names: readonly string[]): MatrixPeer {
  const labels = labelsById(compiled).get(id) ?? {};
  return { id, kind: 'nodes', name: `node ${listText(names)}`, nodes: names, labels, local: false };
}

const WHOLE: Readonly<Record<string, string>> = { '0.0.0.0/0': 'world-ipv4', '::/0': 'world-ipv6' };

/** Prefixes that the same rules hold in are one peer, those of a whole family its world. */
function prefixPeers({ policy }: Compiled): MatrixPeer[] {
  const byIdentity = new Map<number, string[]>();
  for (const { prefix, identity } of policy.prefixes) {
    byIdentity.set(identity, [...(byIdentity.get(identity) ?? []), prefix]);
  }
  return [...byIdentity].map(([id, prefixes]): MatrixPeer => {
    const name = listText(prefixes.map((prefix) => WHOLE[prefix] ?? prefix));
    return { id, kind: 'prefixes', name, prefixes, labels: {}, local: false };
  });
}

/** Who answers to a selector of names, in each family, outside of all prefixes of rules where that can be. */
function namePeers({ policy }: Compiled): MatrixPeer[] {
  const found = new Map<string, Identity & { readonly keys: readonly string[] }>();
  for (const identity of policy.identities) {
    if (!isNameIdentity(identity.id)) continue;
    const keys = Object.keys(identity.labels).filter((key) => key.startsWith(FQDN_SOURCE));
    for (const key of keys) {
      const place = `${key} ${familyOf(identity)}`;
      // The one of the fewest selectors: a name that others match, too, is one of theirs.
      if ((found.get(place)?.keys.length ?? Infinity) <= keys.length) continue;
      found.set(place, { ...identity, keys });
    }
  }
  const distinct = new Map([...found.values()].map((one) => [one.id, one]));
  return [...distinct.values()].map((one): MatrixPeer => {
    const names = one.keys.map((key) => key.slice(key.indexOf(':', FQDN_SOURCE.length) + 1));
    const name = `${[...new Set(names)].join(' and ')} (${familyOf(one)})`;
    return { id: one.id, kind: 'names', name, names, labels: {}, local: false };
  });
}

function familyOf({ labels }: Identity): string {
  return Object.hasOwn(labels, 'reserved:world-ipv6') ? 'IPv6' : 'IPv4';
}

/** The host, and those that a rule names. Plain world is no packet's: each is of a family. */
function reservedPeers(compiled: Compiled): MatrixPeer[] {
  const { policy } = compiled;
  return Object.values(RESERVED)
    .filter((id) => id !== RESERVED.world && !isEndpointIdentity(id))
    .filter((id) => {
      const isNamed = (policy.classTerms.get(policy.classes.get(id) ?? 0) ?? []).length > 0;
      const isWorld = id === RESERVED['world-ipv4'] || id === RESERVED['world-ipv6'];
      return id === RESERVED.host || (isNamed && !isWorld);
    })
    .map((id): MatrixPeer => {
      const labels = labelsById(compiled).get(id);
      return {
        id,
        kind: 'reserved',
        name: identityText(id, labels),
        labels: labels ?? {},
        local: policy.policySets.has(id),
      };
    });
}

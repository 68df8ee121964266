import type { PlainValue } from '../model/construct-call.js';
import type { FQDNSelectorSpec, SelectorSpec } from '../model/program.js';
import type { At } from './place.js';
import { defined, list, object, optional, required, text, type Reader } from './reader.js';
import { selector, within } from './selector.js';

/** A list that would mean nobody is a mistake there, and refused by the API of Kubernetes, too. */
export function nonEmpty<T>(read: Reader<readonly T[]>): Reader<readonly T[]> {
  return (at) => {
    const value = read(at);
    if (value.length > 0) return value;
    return at.refuse('PLB_MANIFEST_VALUE', 'is empty', 'Name at least one.');
  };
}

interface Pods {
  readonly namespaces?: SelectorSpec | undefined;
  readonly pods?:
    { readonly namespaceSelector: SelectorSpec; readonly podSelector: SelectorSpec } | undefined;
}

const POD_FIELDS = {
  namespaces: optional(selector),
  pods: optional(
    object<NonNullable<Pods['pods']>>('pods', {
      namespaceSelector: required(selector),
      podSelector: required(selector),
    }),
  ),
};

/** Pods by the labels of their namespaces, and of their own. */
export function podReader(what: string): Reader<SelectorSpec> {
  const raw = object<Pods>(what, POD_FIELDS);
  return (at) => {
    const value = raw(at);
    onlyOne(value, at);
    return podsOf(value);
  };
}

function podsOf({ namespaces, pods }: Pods): SelectorSpec {
  return pods === undefined
    ? within(namespaces ?? {})
    : within(pods.namespaceSelector, pods.podSelector);
}

/** @throws Refused unless exactly one of the fields is there */
function onlyOne(value: object, at: At): void {
  const names = Object.entries(value).flatMap(([name, one]) => (one === undefined ? [] : [name]));
  if (names.length === 1) return;
  const message =
    names.length === 0 ? 'says nothing of who it is' : `is both ${names.join(' and ')}`;
  at.refuse('PLB_MANIFEST_VALUE', message, 'Write one entry for each.');
}

/** Who may be reached: each entry is of one kind. */
export interface EgressPeer extends Pods {
  readonly nodes?: SelectorSpec | undefined;
  readonly networks?: readonly string[] | undefined;
  readonly domainNames?: readonly FQDNSelectorSpec[] | undefined;
}

const rawEgressPeer = object<EgressPeer>('peer', {
  ...POD_FIELDS,
  nodes: optional(selector),
  networks: optional(nonEmpty(list(text))),
  domainNames: optional(nonEmpty(list(domainName))),
});

export const egressPeer: Reader<EgressPeer> = (at) => {
  const value = rawEgressPeer(at);
  onlyOne(value, at);
  return value;
};

/** A star is the whole first label, and stands for one label or more. */
function domainName(at: At): FQDNSelectorSpec {
  const name = text(at);
  const rest = name.replace(/^\*\./, '');
  if (rest.includes('*')) {
    const hint = 'Write it as *.example.org.';
    at.refuse('PLB_MANIFEST_VALUE', 'has a star that is not its first label', hint);
  }
  return rest === name ? { matchName: name } : { matchPattern: `**.${rest}` };
}

/**
 * The peers of rules, one for each kind that is there, as the construct takes them. Networks mean whoever
 * has an address in them, inside the cluster as well as outside.
 */
export function writePeers(
  peers: readonly EgressPeer[],
): { readonly [name: string]: PlainValue }[] {
  const pods = peers.filter(({ namespaces, pods: one }) => (namespaces ?? one) !== undefined);
  const nodes = peers.flatMap((peer) => peer.nodes ?? []);
  const networks = peers.flatMap((peer) => peer.networks ?? []);
  const names = peers.flatMap((peer) => peer.domainNames ?? []);
  const some = <T>(all: readonly T[]): readonly T[] | undefined =>
    all.length > 0 ? all : undefined;
  return [
    { toEndpoints: some(pods.map(podsOf)) },
    { toNodes: some(nodes) },
    { toCIDR: some(networks), cidrMatchMode: some(networks) && ['nodes', 'pods'] },
    { toFQDNs: some(names) },
  ].flatMap((one) => {
    const written = defined(one);
    return Object.keys(written).length > 0
      ? [written as { readonly [name: string]: PlainValue }]
      : [];
  });
}

import type { Entity, Labels, PortSpec, RuleSpec } from '../src/model/program.js';
import type { FQDNSelector } from './port-rule.js';

/** Who is no endpoint: part of a rule. Made by {@link entities}, {@link cidrs} and {@link nodes}. */
export class Outside {
  /** @param word for ids of constructs */
  constructor(
    readonly word: string,
    readonly peers: Pick<RuleSpec, 'entities' | 'cidr' | 'cidrGroups' | 'nodes'>,
  ) {}
}

/** Back-ends of a service: only what may be reached. A Service makes it. */
export class BackEnds {
  /**
   * @param word for ids of constructs
   * @param ports where the back-ends listen
   */
  constructor(
    readonly word: string,
    readonly peers: Required<Pick<RuleSpec, 'services'>>,
    readonly ports: readonly PortSpec[],
  ) {}
}

/** Names in the DNS: only what may be reached. Made by {@link names}. */
export class Names {
  readonly word = 'names';

  constructor(readonly peers: Required<Pick<RuleSpec, 'fqdns'>>) {}
}

/** Peers by kind, for example `entities('world')`. At least one. */
export function entities(...list: readonly [Entity, ...Entity[]]): Outside {
  return new Outside(list.join('-'), { entities: list });
}

/** Prefixes outside the cluster, for example `cidrs('192.0.2.0/24')`. At least one. */
export function cidrs(...list: readonly [string, ...string[]]): Outside {
  return new Outside('cidrs', { cidr: list });
}

/** Nodes that have all of these labels, this one too, for example `nodes({ role: 'edge' })`; `{}` is every node. */
export function nodes(labels: Labels): Outside {
  return new Outside('nodes', { nodes: [{ matchLabels: labels }] });
}

/**
 * Addresses of names in the DNS: with a star they are patterns (`*` within one label, a leading `**.` for
 * any depth), else names as they are. At least one.
 */
export function names(...list: readonly [string, ...string[]]): Names {
  return new Names({ fqdns: list.map(fqdnOf) });
}

/** With a star it is a pattern. */
export function fqdnOf(text: string): FQDNSelector {
  return text.includes('*') ? { matchPattern: text } : { matchName: text };
}

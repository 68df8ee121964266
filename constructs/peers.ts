import type { Entity, FQDNSelectorSpec, RuleSpec } from '../src/model/program.js';

/** Who is no endpoint: part of a rule. Made by {@link entities} and {@link cidrs}. */
export class Outside {
  /** @param word for ids of constructs */
  constructor(
    readonly word: string,
    readonly peers: Pick<RuleSpec, 'entities' | 'cidr' | 'cidrSet'>,
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

/**
 * Addresses of names in the DNS: with a star they are patterns (`*` within one label, a leading `**.` for
 * any depth), else names as they are. At least one.
 */
export function names(...list: readonly [string, ...string[]]): Names {
  const fqdns = list.map((text): FQDNSelectorSpec =>
    text.includes('*') ? { matchPattern: text } : { matchName: text },
  );
  return new Names({ fqdns });
}

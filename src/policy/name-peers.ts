import type { Identity } from '../model/identity.js';
import type { FQDNSelectorSpec } from '../model/program.js';
import type { CompiledPolicy } from './compiled.js';
import { nameAddresses, type NameBinding } from './fqdn.js';

/** What the kernel is to know of addresses with names. */
export interface NamePeers {
  /** Address to identity; those whose identity has a class. */
  readonly peers: ReadonlyMap<string, number>;
  /** Identity to class. */
  readonly classes: ReadonlyMap<number, number>;
  /**
   * Identities of no class that there is: only a compile with them makes one. Until then their addresses
   * are what prefixes make of them, which no rule about names allows.
   */
  readonly unknown: readonly Identity[];
}

/** Under a policy, and the selectors of its rules (`fqdnSelectors`). */
export function namePeers(
  selectors: readonly FQDNSelectorSpec[],
  { prefixes, classes: known, classOf }: Pick<CompiledPolicy, 'prefixes' | 'classes' | 'classOf'>,
  bindings: readonly NameBinding[],
): NamePeers {
  const { rows, identities } = nameAddresses(selectors, bindings, prefixes);
  const classes = new Map<number, number>();
  const unknown: Identity[] = [];
  for (const identity of identities) {
    const id = known.get(identity.id) ?? classOf(identity);
    if (id === undefined) unknown.push(identity);
    else classes.set(identity.id, id);
  }
  const peers = rows.filter(({ identity }) => classes.has(identity));
  return {
    peers: new Map(peers.map(({ address, identity }) => [address, identity])),
    classes,
    unknown,
  };
}

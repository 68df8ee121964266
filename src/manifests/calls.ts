import { createHash } from 'node:crypto';
import type { ConstructCall, ConstructName, PlainValue } from '../model/construct-call.js';
import { formatAddress, networkOf, parsePrefix } from '../model/prefix.js';
import type { Metadata } from './metadata.js';
import type { At } from './place.js';
import type { Placed } from './reader.js';

/** One object of Kubernetes that was read, with the work that is left when all files are known. */
export interface Resource {
  readonly kind: string;
  readonly metadata: Metadata;
  readonly at: At;
  /** Whether it is in a namespace. */
  readonly isNamespaced: boolean;
  readonly emit: (calls: Calls) => void;
}

/** A Service of Kubernetes that rules may name, or mean by its labels. */
export interface KnownService {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What the construct is called; absent where nothing is made of the service. */
  readonly construct?: string;
  /** Why a rule cannot mean its back-ends. */
  readonly refusal?: string;
}

/** Gathers the calls that manifests mean, and gives out names and addresses. */
export class Calls {
  /** Names of groups of prefixes; like services they come before the rules that name them. */
  readonly groups = new Set<string>();
  readonly services: KnownService[] = [];
  private readonly namespaceCalls = new Map<string, ConstructCall>();
  private readonly others: ConstructCall[] = [];
  private readonly ids = new Set<string>();
  private readonly variables = new Set<string>(['app', 'node']);
  private readonly addresses: Set<string>;
  /** By range, which of its addresses need not be tried: texts of a full range would take minutes. */
  private readonly given = new Map<string, Set<number>>();

  /**
   * @param podRange where endpoints get their addresses from
   * @param taken addresses that somebody has already
   */
  constructor(
    readonly podRange: string,
    taken: readonly string[] = [],
  ) {
    this.addresses = new Set(taken);
  }

  /** Everything, in order: the node, namespaces, and the rest as it was added. */
  all(): readonly ConstructCall[] {
    return [...this.namespaceCalls.values(), ...this.others];
  }

  addNamespace(name: string, labels: Readonly<Record<string, string>>, at: At): void {
    this.namespaceCalls.set(name, {
      construct: 'Namespace',
      variable: this.variable(`${name}-namespace`),
      scope: 'app',
      id: this.id('app', name, 'namespace'),
      props: { ...(Object.keys(labels).length > 0 && { labels }) },
      origin: at.place,
    });
  }

  /** Variable of a namespace; one that no document is about has no labels of its own. */
  namespace(name: string, at: At): string {
    if (!this.namespaceCalls.has(name)) this.addNamespace(name, {}, at);
    return this.namespaceCalls.get(name)?.variable ?? name;
  }

  add(call: ConstructCall): void {
    this.others.push(call);
  }

  /** A policy in the scope of a variable; `rules` are the places of its rules. */
  addPolicy(
    construct: ConstructName,
    scope: string,
    name: string,
    props: ConstructCall['props'],
    at: At,
    rules: Readonly<Record<string, readonly Placed<unknown>[] | undefined>>,
  ): void {
    const id = this.id(scope, name, 'policy');
    const places = Object.entries(rules).map(([key, some]) => [
      key,
      (some ?? []).map((r) => r.place),
    ]);
    this.add({
      construct,
      scope,
      id,
      props: { ...(id !== name && { name }), ...props },
      origin: at.place,
      rules: Object.fromEntries(places) as NonNullable<ConstructCall['rules']>,
    });
  }

  /** An id that its scope does not have yet. */
  id(scope: string, wanted: string, suffix: string): string {
    const free = [wanted, `${wanted}-${suffix}`].find((id) => !this.ids.has(`${scope}/${id}`));
    const id = free ?? `${wanted}-${suffix}-${String(this.ids.size)}`;
    this.ids.add(`${scope}/${id}`);
    return id;
  }

  /** A DNS label for a name of parts, which may be longer than one, or not tell two apart. */
  label(scope: string, ...parts: readonly string[]): string {
    const plain = parts.join('-').replaceAll('.', '-');
    const isFree = plain.length <= 63 && !this.ids.has(`${scope}/${plain}`);
    const label = isFree ? plain : `${plain.slice(0, 54)}-${digest(parts.join('/')).slice(0, 8)}`;
    this.ids.add(`${scope}/${label}`);
    return label;
  }

  /** The address of a name in a range: the same one whatever else there is, mostly; undefined if it is full. */
  address(range: string, name: string): string | undefined {
    const prefix = parsePrefix(range);
    if (prefix === undefined) return undefined;
    const { family, value: first } = networkOf(prefix);
    const size = 2 ** Math.min((family === 4 ? 32 : 128) - prefix.length, 16);
    const start = parseInt(digest(name).slice(0, 4), 16);
    // The network's own address, the gateway and the broadcast address are nobody's.
    const given = this.given.get(range) ?? new Set([0, 1, size - 1]);
    this.given.set(range, given);
    for (let n = 0; n < size; n++) {
      const value = (start + n) % size;
      if (given.has(value)) continue;
      given.add(value);
      const address = formatAddress({ family, value: first + BigInt(value) });
      if (!this.addresses.has(address)) return this.reserve(address);
    }
    return undefined;
  }

  reserve(address: string): string {
    this.addresses.add(address);
    return address;
  }

  variable(text: string): string {
    const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
    const joined = words
      .map((w, i) => (i === 0 ? w : w.charAt(0).toUpperCase() + w.slice(1)))
      .join('');
    const name = /^[a-z]/i.test(joined) ? joined : `n${joined}`;
    let free = name;
    for (let n = 2; this.variables.has(free); n++) free = `${name}${n}`;
    this.variables.add(free);
    return free;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What a policy says of itself, as properties of its construct. */
export function aboutOf(metadata: Metadata): { readonly [name: string]: PlainValue } {
  const { labels = {}, annotations, description = annotations } = metadata;
  return {
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(description !== undefined && { description }),
  };
}

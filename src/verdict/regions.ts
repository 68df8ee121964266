import { contains, parsePrefix, type Prefix } from '../model/prefix.js';
import type { PrefixIdentity } from '../policy/prefixes.js';

/** Addresses that neither policy tells apart: those of a prefix that are in no longer one. */
export interface Region {
  readonly prefix: string;
  /** Whom either policy takes them for; undefined where it knows nobody there. */
  readonly before: number | undefined;
  readonly after: number | undefined;
}

interface Node {
  readonly text: string;
  readonly prefix: Prefix;
  readonly before: number | undefined;
  readonly after: number | undefined;
  /** Addresses that are in longer prefixes. */
  covered: bigint;
}

/** Every region of the prefixes of two policies that has an address. */
export function regionsOf(
  before: readonly PrefixIdentity[],
  after: readonly PrefixIdentity[],
): Region[] {
  const was = new Map(before.map(({ prefix, identity }) => [prefix, identity]));
  const is = new Map(after.map(({ prefix, identity }) => [prefix, identity]));
  const nodes: Node[] = [];
  const around: Node[] = [];
  for (const { text, prefix } of inOrder([...was.keys(), ...is.keys()])) {
    while (around.length > 0 && !contains((around.at(-1) as Node).prefix, prefix)) around.pop();
    const outer = around.at(-1);
    const node: Node = {
      text,
      prefix,
      before: was.get(text) ?? outer?.before,
      after: is.get(text) ?? outer?.after,
      covered: 0n,
    };
    if (outer !== undefined) outer.covered += sizeOf(prefix);
    around.push(node);
    nodes.push(node);
  }
  return nodes
    .filter(({ prefix, covered }) => covered < sizeOf(prefix))
    .map(({ text, before: old, after: now }) => ({ prefix: text, before: old, after: now }));
}

/** Each prefix once, what is around it first. */
function inOrder(texts: readonly string[]): { readonly text: string; readonly prefix: Prefix }[] {
  return [...new Set(texts)]
    .map((text) => ({ text, prefix: parsePrefix(text) }))
    .filter((one): one is { text: string; prefix: Prefix } => one.prefix !== undefined)
    .sort(({ prefix: a }, { prefix: b }) => {
      if (a.family !== b.family) return a.family - b.family;
      if (a.value !== b.value) return a.value < b.value ? -1 : 1;
      return a.length - b.length;
    });
}

function sizeOf({ family, length }: Prefix): bigint {
  return 1n << BigInt((family === 4 ? 32 : 128) - length);
}

import { jsonList } from './json-text.js';
import type { Rule } from './policy-set.js';

/**
 * What rules mean, whatever their order and however often they say it: what each says in JSON, with the
 * peers that it says it of, sorted.
 */
export function rulesKey(rules: readonly Rule[]): string {
  const peersByWhat = new Map<string, string[]>();
  for (const rule of rules) {
    const what = whatOf(rule);
    const list = peersByWhat.get(what);
    if (list === undefined) peersByWhat.set(what, [peersKey(rule)]);
    else list.push(peersKey(rule));
  }
  return [...peersByWhat]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, peers]) => `[${JSON.stringify(what)},${jsonList(distinct(peers.sort()))}]`)
    .join(',');
}

function whatOf({ direction, contribution }: Rule): string {
  return `${direction} ${contribution}`;
}

/** Empty for any peer; no key of a single term looks like a list. */
function peersKey({ peers }: Rule): string {
  if (peers === undefined) return '';
  const [only] = peers;
  if (only !== undefined && peers.length === 1) return only.key;
  return jsonList(distinct(peers.map(({ key }) => key).sort()));
}

function distinct(sorted: readonly string[]): readonly string[] {
  return sorted.every((text, i) => i === 0 || text !== sorted[i - 1])
    ? sorted
    : sorted.filter((text, i) => text !== sorted[i - 1]);
}

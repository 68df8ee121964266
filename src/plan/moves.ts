/** Somebody (identities, endpoints) that belongs to `from` under the old policy and to `to` under the new. */
export interface Pair {
  readonly from: number;
  readonly to: number;
}

/**
 * What they belong to at the moment of the commit: `to` (they move before), `from` (they move after),
 * or a class or set of their own made for the passage.
 */
export interface Move extends Pair {
  readonly via: number;
}

/** Both policies as far as moves must know them, for classes or for policy sets alike. */
export interface Judged {
  /** Whether anybody belongs to `id` under the old policy. */
  usedBefore(id: number): boolean;
  /** Whether anybody belongs to `id` under the new policy. */
  usedAfter(id: number): boolean;
  /** Equal for two ids that the old policy, as far as the new one does not share it, treats alike. */
  before(id: number): string;
  /** Equal for two ids that the new policy, as far as it is not shared, treats alike. */
  after(id: number): string;
  /** An id that nothing uses, the same for the same pair. */
  fresh(pair: Pair): number;
}

/**
 * Finds for each pair a way on which every packet is judged wholly by the old policy before the commit
 * and wholly by the new one after it:
 *
 * 1. Move before, if the old policy treats `to` like `from`, or nobody is in `to` yet, so that it can be
 *    told to. The policy before stays exact for an undo.
 * 2. Move after, if the new policy treats `from` like `to`, or nobody stays in `from`.
 * 3. Pass through a fresh id that the old policy treats like `from` and the new one like `to`.
 */
export function routeMoves(pairs: readonly Pair[], judged: Judged): Move[] {
  const told = { before: new Map<number, string>(), after: new Map<number, string>() };
  const claim = (claims: Map<number, string>, id: number, treatment: string): boolean => {
    const claimed = claims.get(id);
    if (claimed === undefined) claims.set(id, treatment);
    return claimed === undefined || claimed === treatment;
  };
  return distinct(pairs).map(({ from, to }) => {
    const before = judged.before(from);
    const canBefore = judged.usedBefore(to)
      ? judged.before(to) === before
      : claim(told.before, to, before);
    if (canBefore) return { from, to, via: to };
    const after = judged.after(to);
    const canAfter = judged.usedAfter(from)
      ? judged.after(from) === after
      : claim(told.after, from, after);
    if (canAfter) return { from, to, via: from };
    return { from, to, via: judged.fresh({ from, to }) };
  });
}

export function pairKey({ from, to }: Pair): string {
  return `${from}>${to}`;
}

function distinct(pairs: readonly Pair[]): Pair[] {
  const byKey = new Map(pairs.filter((p) => p.from !== p.to).map((p) => [pairKey(p), p]));
  return [...byKey.values()].sort((a, b) => a.from - b.from || a.to - b.to);
}

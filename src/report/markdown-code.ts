/** A block of a diff that no line can break out of. */
export function fenced(texts: readonly string[]): string {
  const fence = fenceAround(texts);
  return `${fence}diff\n${texts.join('\n')}\n${fence}`;
}

function fenceAround(texts: readonly string[]): string {
  const runs = texts.flatMap((text) => (text.match(/`+/g) ?? []).map(({ length }) => length));
  return '`'.repeat(runs.reduce((most, length) => Math.max(most, length), 2) + 1);
}

/** Room that is left for fences, and for a line about what does not fit. */
const MARGIN = 300;

/** How many of the first lines fit. */
export function fitting(texts: readonly string[], room: number): number {
  let left = room - MARGIN - 2 * fenceAround(texts).length;
  const end = texts.findIndex((text) => (left -= text.length + 1) < 0);
  return end < 0 ? texts.length : end;
}

/** A text that ends with a number which has one way to be written. */
const NUMBERED = /^(.*?)(0|[1-9]\d{0,14})$/s;

/**
 * Each text, and no other, in few words: those that count up by one are a range, `10.1.0.11-14`, in natural
 * order. Of numbers after a dot, a slash or a blank, and of numbers alone.
 */
export function rangeTexts(texts: readonly string[]): string[] {
  const parts = [...new Set(texts)].map((text) => {
    const [, head = '', number] = NUMBERED.exec(text) ?? [];
    const counts = number !== undefined && /(^|[./ ])$/.test(head);
    return counts ? { head, number: Number(number) } : { head: text, number: undefined };
  });
  parts.sort((a, b) => {
    if (a.head !== b.head) return a.head < b.head ? -1 : 1;
    return (a.number ?? -1) - (b.number ?? -1);
  });
  const ranges: { head: string; from: number | undefined; to: number | undefined }[] = [];
  for (const { head, number } of parts) {
    const last = ranges.at(-1);
    if (number !== undefined && last?.head === head && last.to === number - 1) last.to = number;
    else ranges.push({ head, from: number, to: number });
  }
  return ranges.map(({ head, from, to }) => {
    if (from === undefined || to === undefined) return head;
    return from === to ? `${head}${String(from)}` : `${head}${String(from)}-${String(to)}`;
  });
}

/** Printable ASCII that JSON escapes nothing of. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** What JSON.stringify says of a text, at a tenth of the time where nothing is to be escaped. */
export function jsonText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** What JSON.stringify says of a list of texts. */
export function jsonList(texts: readonly string[]): string {
  const [only] = texts;
  if (only !== undefined && texts.length === 1) return `[${jsonText(only)}]`;
  return `[${texts.map(jsonText).join(',')}]`;
}

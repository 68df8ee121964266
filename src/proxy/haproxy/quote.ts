/** What stands for itself between the quotes of HAProxy's configuration. */
const PLAIN = /[A-Za-z0-9_/.:*+?()|^,;=@!<>~[\]-]/;

/**
 * One word of HAProxy's configuration that is exactly that text, whatever is in it. Everything that could
 * mean something is written as its bytes.
 */
export function quote(text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  const parts = [...bytes].map((byte) => {
    const character = String.fromCharCode(byte);
    return PLAIN.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `"${parts.join('')}"`;
}

/** An expression that has to match all of a text. */
export function whole(expression: string): string {
  return quote(`^(?:${expression})$`);
}

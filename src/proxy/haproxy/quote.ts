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

/**
 * Steps after which PCRE2 gives up, and nothing matches: it goes back where RE2 does not. Some 0.1 ms; what
 * does not nest repetitions stays far below.
 */
const STEPS = 100_000;

/** An expression that has to match all of a text. Only for what lets through: a match given up is none. */
export function whole(expression: string): string {
  return quote(`(*LIMIT_MATCH=${String(STEPS)})^(?:${expression})\\z`);
}

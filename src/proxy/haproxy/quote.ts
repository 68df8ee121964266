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

/** What braces may be part of, and braces that are not: to RE2 these are text, to PCRE2 10.43 `{,3}` repeats. */
const BRACES = /\\Q.*?(?:\\E|$)|\\[xpP]\{[^}]*\}|\\.|\{\d+(?:,\d*)?\}|\{/gs;

/** An expression that has to match all of a text. Only for what lets through: a match given up is none. */
export function whole(expression: string): string {
  const literal = expression.replace(BRACES, (part) => (part === '{' ? '\\{' : part));
  return quote(`(*LIMIT_MATCH=${String(STEPS)})^(?:${literal})\\z`);
}

import { createHash } from 'node:crypto';
import { visible } from './text.js';

/** Markup that is safe to put into a page as it is. */
export class Markup {
  constructor(readonly text: string) {}
}

/**
 * Markup from a template: every value is escaped, for text and for quoted attributes alike; only what
 * is markup already goes in unchanged, and lists are joined.
 */
export function markup(
  parts: TemplateStringsArray,
  ...values: readonly (string | number | Markup | readonly Markup[])[]
): Markup {
  return new Markup(
    parts.reduce((text, part, i) => {
      const value = values[i - 1];
      return text + (value === undefined ? '' : textOf(value)) + part;
    }),
  );
}

function textOf(value: string | number | Markup | readonly Markup[]): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(({ text }) => text).join('\n');
  return visible(String(value)).replace(
    /[&<>"'`]/g,
    (character) => `&#${String(character.charCodeAt(0))};`,
  );
}

/** A whole page that loads nothing; its policy lets no script run but the one given. */
export function page(
  title: string,
  body: Markup,
  { style, script }: { readonly style: string; readonly script: string },
): string {
  const hash = createHash('sha256').update(script).digest('base64');
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`;
  const { text } = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
${body}
<script>${new Markup(script)}</script>
</body>
</html>
`;
  return text;
}

/** A plain JSON value. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** One text for equal values: members sorted by name, no spaces; members that are undefined are absent. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(',')}}`;
  }
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`no JSON for a ${typeof value}`);
  return text;
}

/** JSON for reading and for line-wise diffs: two spaces a level, what fits in `width` on one line. */
export function prettyJson(value: unknown, width = 100): string {
  return render(value, 0, width);
}

function render(value: unknown, indent: number, width: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const list = Array.isArray(value);
  const parts = list
    ? value.map((member) => render(member, indent + 2, width))
    : Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .map(([name, member]) => `${JSON.stringify(name)}: ${render(member, indent + 2, width)}`);
  const [open, close] = list ? ['[', ']'] : ['{', '}'];
  if (parts.length === 0) return open + close;
  const room = width - indent - 4;
  const length = parts.reduce((sum, part) => sum + part.length + 2, 0);
  if (length <= room && !parts.some((part) => part.includes('\n'))) {
    return list ? `[${parts.join(', ')}]` : `{ ${parts.join(', ')} }`;
  }
  const pad = ' '.repeat(indent + 2);
  return `${open}\n${pad}${parts.join(`,\n${pad}`)}\n${' '.repeat(indent)}${close}`;
}

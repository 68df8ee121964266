const AROUND = 2;

export interface Frame {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column?: number | undefined;
  /** Characters to underline, cut at the end of the line. Default 1. */
  readonly length?: number | undefined;
}

/**
 * The line with its neighbours, numbered, and a mark below the column. Without colours, no line break at
 * the end; empty when there is no such line.
 */
export function codeFrame(source: string, { line, column, length = 1 }: Frame): string {
  const lines = source.split(/\r?\n/);
  const text = lines[line - 1];
  if (text === undefined) return '';
  const first = Math.max(1, line - AROUND);
  const last = Math.min(lines.length, line + AROUND);
  const width = String(last).length;
  const frame: string[] = [];
  for (let at = first; at <= last; at++) {
    const mark = at === line ? '>' : ' ';
    frame.push(`${mark} ${String(at).padStart(width)} | ${lines[at - 1] ?? ''}`.trimEnd());
    if (at !== line || column === undefined) continue;
    // Tabs stay tabs, so that the mark stands below its column whatever their width.
    const indent = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
    const marks = Math.max(1, Math.min(length, text.length - column + 1));
    frame.push(`  ${' '.repeat(width)} | ${indent}${'^'.repeat(marks)}`);
  }
  return frame.join('\n');
}

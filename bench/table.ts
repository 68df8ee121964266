import type { Row } from './row.js';

const columns = ['what', 'workload', 'here', 'peer', 'ratio', 'to reach', 'runs'] as const;

/** Rows as aligned plain text, one line each, under a line of headings. */
export function renderTable(rows: readonly Row[]): string {
  const lines = [[...columns], ...rows.map(cells)];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cells(row: Row): string[] {
  const reach = row.reach;
  return [
    row.name,
    row.workload,
    `${figure(row.value)} ${row.unit}`,
    `${figure(row.peerValue)} ${row.unit} (${row.peer})`,
    `${figure(row.ratio)}x`,
    reach === undefined ? '' : `${figure(reach)}x${row.ratio >= reach ? '' : ' missed'}`,
    String(row.runs),
  ];
}

/** Three significant digits, thousands grouped: `0.102`, `35.1`, `1,500,000`. */
export function figure(value: number): string {
  return value.toLocaleString(
    'en-US',
    Math.abs(value) < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 },
  );
}

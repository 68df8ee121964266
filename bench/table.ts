import { CLAIMS, rowOf } from './claims.js';
import type { Row } from './row.js';

const columns = ['what', 'workload', 'here', 'peer', 'ratio', 'to reach', 'runs'] as const;

/** Rows as aligned plain text, one line each, under a line of headings. */
export function renderTable(rows: readonly Row[]): string {
  return aligned([[...columns], ...rows.map(cells)])
    .map((line) => line.join('  ').trimEnd())
    .join('\n');
}

/**
 * README's table, as Markdown, of what benchmarks measured; those that did not run have no rows.
 * @throws Error when a benchmark that ran has not the one row that README shows of it.
 */
export function renderReadme(measured: Readonly<Record<string, readonly Row[]>>): string {
  const claims = CLAIMS.filter(({ benchmark }) => measured[benchmark] !== undefined);
  const lines = claims.map((claim) => {
    const row = rowOf(claim, measured);
    const amount = (value: number): string => `${figure(value)} ${row.unit}`;
    const [here, peer] = [amount(row.value), `${row.peer}: ${amount(row.peerValue)}`];
    return [claim.what, here, peer, times(row.ratio)];
  });
  const [head = [], ...rest] = aligned([['what', 'here', 'peer', 'ratio'], ...lines]);
  const rule = head.map((cell) => '-'.repeat(cell.length));
  return [head, rule, ...rest].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function aligned(lines: readonly (readonly string[])[]): string[][] {
  const widths = (lines[0] ?? []).map((_, i) =>
    Math.max(3, ...lines.map((line) => line[i]?.length ?? 0)),
  );
  return lines.map((line) => line.map((cell, i) => cell.padEnd(widths[i] ?? 0)));
}

function cells(row: Row): string[] {
  const reach = row.reach;
  return [
    row.name,
    row.workload,
    `${figure(row.value)} ${row.unit}`,
    `${figure(row.peerValue)} ${row.unit} (${row.peer})`,
    times(row.ratio),
    reach === undefined ? '' : `${times(reach)}${row.ratio >= reach ? '' : ' missed'}`,
    String(row.runs),
  ];
}

/** How many times: two decimals below ten, where hundredths tell. */
function times(ratio: number): string {
  return `${ratio < 10 ? ratio.toFixed(2) : figure(ratio)}x`;
}

/** Three significant digits, thousands grouped: `0.102`, `35.1`, `1,500,000`. */
export function figure(value: number): string {
  return value.toLocaleString(
    'en-US',
    Math.abs(value) < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 },
  );
}

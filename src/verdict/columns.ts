import { PROTOCOLS, type PortRange } from '../model/port.js';
import type { PolicyView } from '../policy/compiled.js';
import { lookup, type TableEntry } from '../policy/table.js';
import { rangesOf, UNNAMED } from './segments.js';

/**
 * Ranges of ports in which no table says two things, ascending. All that is in none of them is judged as
 * a protocol that no table names.
 */
export function columnsOf({ tables }: Pick<PolicyView, 'tables'>): PortRange[] {
  const all = [...tables.values()];
  const entries = all.flat();
  const named = [...new Set(entries.map(({ protocol }) => protocol))].sort((a, b) => a - b);
  const base = all.map((table) => wordOf(lookup(table, UNNAMED, 0))).join(' ');
  return named
    .filter((protocol) => protocol !== PROTOCOLS.ANY)
    .flatMap((protocol) => {
      const columns: (PortRange & { readonly words: string })[] = [];
      for (const [from, to] of rangesOf(entries, protocol)) {
        const words = all.map((table) => wordOf(lookup(table, protocol, from))).join(' ');
        const last = columns.at(-1);
        if (last?.words === words) columns[columns.length - 1] = { ...last, to };
        else columns.push({ protocol, from, to, words });
      }
      return columns
        .filter(({ words }) => words !== base)
        .map(({ from, to }) => ({ protocol, from, to }));
    });
}

function wordOf(entry: TableEntry | undefined): string {
  if (entry === undefined) return 'nothing';
  return `${entry.verdict},${String(entry.audit ?? false)},${String(entry.listener ?? 0)}`;
}

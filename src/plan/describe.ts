import { hex8, rowAt } from '../state/columns.js';
import { VERDICT } from '../state/layout.js';
import type { EntriesResource } from '../state/state.js';

/** IANA numbers of the protocols that policies name. */
const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'ICMP',
  6: 'TCP',
  17: 'UDP',
  58: 'ICMPv6',
  132: 'SCTP',
};
const VERDICTS = new Map(Object.entries(VERDICT).map(([name, number]) => [number as number, name]));

/** Bits of a table's key before the port: table and protocol, then the port's own 16. */
const ANY_PROTOCOL = 32;
const ANY_PORT = 48;
const FULL = 64;
const SHOWN = 4;

/** What rows of a table or of refs say, in few words; undefined for other maps. */
export function describeRows(rows: EntriesResource | null): string | undefined {
  if (rows?.map === 'plumb_tables') return shorten(tableLines(rows));
  if (rows?.map === 'plumb_refs') return shorten(refLines(rows));
  return undefined;
}

/** `8080/TCP allow` for each row of a table, the narrowest first. */
export function tableLines({ map, columns }: EntriesResource): string[] {
  const rows = Array.from({ length: columns.count }, (_, i) => rowAt(map, columns, i));
  const width = (row: (typeof rows)[number]): number => Number(row.key['prefixLength']);
  return rows
    .sort((a, b) => width(b) - width(a) || Number(a.key['port']) - Number(b.key['port']))
    .map(({ key, value }) => {
      const verdict =
        VERDICTS.get(Number(value['verdict'])) ?? `verdict ${String(value['verdict'])}`;
      const to = value['listener'] === 0 ? '' : ` to listener ${String(value['listener'])}`;
      const what = portText(
        Number(key['prefixLength']),
        Number(key['protocol']),
        Number(key['port']),
      );
      return `${what} ${verdict}${to}`;
    });
}

/** What a key of a table matches: `8080/TCP`, `8000-8063/TCP`, `type 8/ICMP`, `any`. */
export function portText(prefixLength: number, protocol: number, port: number): string {
  if (prefixLength <= ANY_PROTOCOL) return 'any';
  const name = PROTOCOLS[protocol] ?? `protocol ${protocol}`;
  if (prefixLength <= ANY_PORT) return name;
  if (name.startsWith('ICMP')) return `type ${port >> 8}/${name}`;
  const last = port + 2 ** (FULL - prefixLength) - 1;
  return last === port ? `${port}/${name}` : `${port}-${last}/${name}`;
}

/** `ingress 4f1c2b3a -> 0b72f00d` for each row of refs; class 0 is `else`. */
function refLines({ map, columns }: EntriesResource): string[] {
  const rows = Array.from({ length: columns.count }, (_, i) => rowAt(map, columns, i));
  return rows
    .sort((a, b) => Number(a.key['class'] === 0) - Number(b.key['class'] === 0))
    .map(({ key, value }) => {
      const direction = key['direction'] === 0 ? 'ingress' : 'egress';
      const of = key['class'] === 0 ? 'else' : hex8(Number(key['class'])).slice(0, 4);
      return `${direction} ${of} -> ${hex8(Number(value['table'])).slice(0, 4)}`;
    });
}

function shorten(lines: readonly string[]): string {
  const more = lines.length - SHOWN;
  return [...lines.slice(0, SHOWN), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

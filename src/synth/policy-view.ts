import { RESERVED } from '../model/identity.js';
import type { FilterRules } from '../model/l7.js';
import type { PolicyView } from '../policy/compiled.js';
import { auditsOf } from '../policy/audits.js';
import type { PrefixIdentity } from '../policy/prefixes.js';
import type { TableEntry } from '../policy/table.js';
import type { FieldValue } from '../state/codec.js';
import { rowsOf } from '../state/columns.js';
import {
  CONFIG_ALLOW_LOCALHOST,
  DIRECTION,
  ENDPOINT_AUDIT,
  ENTRY_AUDIT,
  ENTRY_DEFAULT,
  VERDICT,
  type MapName,
} from '../state/layout.js';
import type { EntriesResource, Resource, State } from '../state/state.js';

const PROTOCOL_BITS = 48;

/** The policy in force as a state holds it, whatever made it; what is kept for undo is no part of it. */
export function policyView(state: State): PolicyView {
  const previous = new Set(state.previous);
  const inForce = state.resources.filter(
    (r): r is EntriesResource => r.kind === 'bpf-entries' && !previous.has(r.key),
  );
  const rows = <T = Record<string, number>>(map: MapName): T[] =>
    inForce
      .filter((r) => r.map === map)
      .flatMap((r) => rowsOf(map, r.columns))
      .map(({ key, value }) => numbers({ ...key, ...value }) as T);
  const versions = new Map<number, { ingress: Map<number, number>; egress: Map<number, number> }>();
  for (const { version, direction, class: id, table } of rows<RefRow>('plumb_refs')) {
    const refs = versions.get(version) ?? { ingress: new Map(), egress: new Map() };
    versions.set(version, refs);
    refs[direction === DIRECTION.ingress ? 'ingress' : 'egress'].set(id, table);
  }
  const tables = new Map<number, TableEntry[]>();
  for (const row of rows<TableRow>('plumb_tables')) {
    const list = tables.get(row.table) ?? [];
    tables.set(row.table, list);
    list.push(tableEntry(row));
  }
  return {
    classes: pairs(rows('plumb_classes'), 'identity', 'class'),
    policySets: new Map([
      ...pairs(rows('plumb_endpoints'), 'identity', 'policySet'),
      ...hostSet(rows('plumb_config')),
    ]),
    heads: pairs(rows('plumb_heads'), 'policySet', 'version'),
    versions: versions,
    tables,
    prefixes: prefixRows(inForce),
    audits: auditRows(inForce),
    listeners: listenersOf(state.resources),
    allowLocalhost: rows('plumb_config').some(
      ({ flags = 0 }) => (flags & CONFIG_ALLOW_LOCALHOST) !== 0,
    ),
  };
}

/** Of identities with an endpoint that is only audited. */
function auditRows(
  resources: readonly EntriesResource[],
): ReadonlyMap<number, ReadonlyMap<string, boolean>> {
  const endpoints = resources
    .filter((r) => r.map === 'plumb_endpoints')
    .flatMap((r) => rowsOf('plumb_endpoints', r.columns))
    .map(({ key, value }) => ({
      address: String(key['address']),
      identity: Number(value['identity']),
      isAudited: (Number(value['flags']) & ENDPOINT_AUDIT) !== 0,
    }));
  return auditsOf(endpoints);
}

/** What the proxy lets through, by listener; a kernel does not know which lines say so. */
function listenersOf(resources: readonly Resource[]): Map<number, FilterRules> {
  const all = resources.flatMap((r) => (r.kind === 'proxy' ? r.attributes.listeners : []));
  return new Map(
    all.map(({ id, protocol, direction, plugin, rules }) => {
      const own = rules.map((rule) => ({ rule, origins: [] }));
      const named = { protocol, direction, ...(plugin === undefined ? {} : { plugin }) };
      // Rules are those of the protocol; TypeScript cannot follow the two together.
      return [id, { ...named, rules: own } as unknown as FilterRules];
    }),
  );
}

/** Who is where outside; the nodes' own ranges are no part of the world. */
function prefixRows(resources: readonly EntriesResource[]): PrefixIdentity[] {
  return resources
    .filter((r) => r.map === 'plumb_ipcache_lpm')
    .flatMap((r) => rowsOf('plumb_ipcache_lpm', r.columns))
    .flatMap(({ key, value }) => {
      const identity = Number(value['identity']);
      if (identity === RESERVED.unmanaged) return [];
      const address = String(key['address']);
      const length = Number(key['prefixLength']) - (address.includes(':') ? 0 : 96);
      return [{ prefix: `${address}/${String(length)}`, identity }];
    });
}

interface RefRow {
  readonly version: number;
  readonly direction: number;
  readonly class: number;
  readonly table: number;
}

interface TableRow {
  readonly prefixLength: number;
  readonly table: number;
  readonly protocol: number;
  readonly port: number;
  readonly verdict: number;
  readonly listener: number;
  readonly flags: number;
}

function tableEntry(row: TableRow): TableEntry {
  const { prefixLength, protocol, port, verdict, flags, listener } = row;
  const denied = (flags & ENTRY_DEFAULT) === 0 ? 'deny' : 'default-deny';
  return {
    protocol,
    port,
    bits: prefixLength < PROTOCOL_BITS ? undefined : prefixLength - PROTOCOL_BITS,
    ...(verdict === VERDICT.redirect
      ? { verdict: 'redirect', listener }
      : { verdict: verdict === VERDICT.allow ? 'allow' : denied }),
    ...((flags & ENTRY_AUDIT) === 0 ? {} : { audit: true }),
  };
}

/** The policy set of the node itself, if a policy is about it. */
function hostSet(rows: readonly Record<string, number>[]): [number, number][] {
  return rows.flatMap(({ hostPolicySet = 0 }): [number, number][] =>
    hostPolicySet === 0 ? [] : [[RESERVED.host, hostPolicySet]],
  );
}

function pairs(
  rows: readonly Record<string, number>[],
  from: string,
  to: string,
): Map<number, number> {
  return new Map(rows.map((row) => [row[from] ?? 0, row[to] ?? 0]));
}

function numbers(fields: Record<string, FieldValue>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(fields).filter(
      (field): field is [string, number] => typeof field[1] === 'number',
    ),
  );
}

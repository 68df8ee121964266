import type { Origin } from '../model/error.js';
import type { CompiledPolicy, Refs } from '../policy/compiled.js';
import { DIRECTIONS } from '../policy/policy-set.js';
import type { TableEntry } from '../policy/table.js';
import type { Row } from '../state/codec.js';
import { entries } from '../state/kinds/bpf-entries.js';
import { DIRECTION, ENTRY_AUDIT, ENTRY_DEFAULT, VERDICT } from '../state/layout.js';
import type { EntriesResource } from '../state/state.js';

/** Bits of a table's key in front of the protocol, and in front of the port. */
const TABLE_BITS = 32;
const PROTOCOL_BITS = 48;

/** The compiled policy as map entries: heads, refs by version, tables. */
export function policyEntries(compiled: CompiledPolicy, node: Origin): EntriesResource[] {
  const { heads, versions, sets, tables, policySets } = compiled;
  const used = new Set(policySets.values());
  const labels = new Map<number, string>();
  const origins = new Map<number, Origin>();
  for (const [set, version] of heads) {
    const info = sets.get(set);
    labels.set(version, info?.label ?? '');
    const [policy] = info?.policies ?? [];
    if (policy !== undefined) origins.set(version, policy.origin);
  }
  const tableOrigins = new Map<number, Origin>();
  const refs = [...versions].map(([version, ref]) => {
    const origin = origins.get(version) ?? node;
    for (const table of DIRECTIONS.flatMap((d) => [...ref[d].values()])) {
      if (!tableOrigins.has(table) || tableOrigins.get(table) === node)
        tableOrigins.set(table, origin);
    }
    return entries('plumb_refs', refRows(version, ref), {
      group: version,
      origin,
      label: labels.get(version) ?? '',
    });
  });
  const headRows = [...heads]
    .filter(([set]) => used.has(set))
    .map(([set, version]) => ({
      key: { policySet: set },
      value: { version },
      ...withOrigin(origins.get(version)),
    }));
  return [
    entries('plumb_heads', headRows, { origin: node }),
    ...refs,
    ...[...tables].map(([table, list]) =>
      entries('plumb_tables', tableRows(table, list), {
        group: table,
        origin: tableOrigins.get(table) ?? node,
      }),
    ),
  ];
}

function withOrigin(origin: Origin | undefined): { readonly origin?: Origin } {
  return origin === undefined ? {} : { origin };
}

function refRows(version: number, refs: Refs): Row[] {
  return DIRECTIONS.flatMap((direction) =>
    [...refs[direction]].map(([id, table]) => ({
      key: { version, direction: DIRECTION[direction], class: id },
      value: { table },
    })),
  );
}

function tableRows(table: number, list: readonly TableEntry[]): Row[] {
  return list.map(({ protocol, port, bits, verdict, audit, listener = 0 }) => ({
    key: {
      prefixLength: bits === undefined ? TABLE_BITS : PROTOCOL_BITS + bits,
      table,
      protocol,
      port,
    },
    value: {
      verdict: VERDICT[verdict === 'default-deny' ? 'deny' : verdict],
      flags: (verdict === 'default-deny' ? ENTRY_DEFAULT : 0) | (audit === true ? ENTRY_AUDIT : 0),
      listener,
    },
  }));
}

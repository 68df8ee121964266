import { HEADS } from '../../src/state/kinds/bpf-entries.js';
import { hex8, rowsOf } from '../../src/state/columns.js';
import { entriesByKey } from '../../src/state/previous.js';
import { parseAddress } from '../../src/state/address.js';
import { DIRECTION } from '../../src/state/layout.js';
import type { Row } from '../../src/state/codec.js';
import type { State } from '../../src/state/state.js';
import { ADDRESSES, PORTS } from './world.js';

/**
 * What the datapath decides in a state for every endpoint, address, port and direction: `endpoint
 * address port direction` -> verdict number, or why there is none. Written straight from the decision
 * of ARCHITECTURE.md, sharing nothing with the code under test but the decoding of rows.
 */
export function verdicts(state: State): Map<string, string> {
  const byKey = entriesByKey(state);
  const rows = (key: string): Row[] => {
    const found = byKey.get(key);
    return found === undefined ? [] : rowsOf(found.map, found.columns);
  };
  const heads = new Map(rows(HEADS).map((r) => [r.key['policySet'], r.value['version']]));
  const classes = new Map(rows('plumb_classes').map((r) => [r.key['identity'], r.value['class']]));
  const exact = new Map(rows('plumb_ipcache').map((r) => [r.key['address'], r.value['identity']]));
  const prefixes = rows('plumb_ipcache_lpm').sort(
    (a, b) => Number(b.key['prefixLength']) - Number(a.key['prefixLength']),
  );
  const refs = new Map<string, Map<string, number>>();
  const refsOf = (version: number): Map<string, number> => {
    const key = `plumb_refs/${hex8(version)}`;
    let found = refs.get(key);
    if (found === undefined) {
      found = new Map(
        rows(key).map((r) => [
          `${String(r.key['direction'])} ${String(r.key['class'])}`,
          Number(r.value['table']),
        ]),
      );
      refs.set(key, found);
    }
    return found;
  };
  const identityOf = (address: string): unknown =>
    exact.get(address) ?? prefixes.find((r) => covers(r, address))?.value['identity'];

  const result = new Map<string, string>();
  const judge = (who: string, policySet: unknown): void => {
    for (const address of ADDRESSES) {
      for (const [direction, number] of Object.entries(DIRECTION)) {
        for (const port of PORTS) {
          const at = `${who} ${address} ${port} ${direction}`;
          const version = heads.get(policySet as number);
          const id = classes.get(identityOf(address) as number);
          if (version === undefined) result.set(at, 'no-policy');
          else if (id === undefined) result.set(at, 'no-class');
          else {
            const own = refsOf(Number(version));
            const table = own.get(`${number} ${String(id)}`) ?? own.get(`${number} 0`);
            result.set(
              at,
              table === undefined ? 'no-ref' : inTable(rows(`plumb_tables/${hex8(table)}`), port),
            );
          }
        }
      }
    }
  };
  for (const r of rows('plumb_endpoints')) judge(String(r.key['address']), r.value['policySet']);
  for (const r of rows('plumb_devices')) judge(String(r.key['device']), r.value['policySet']);
  return result;
}

function inTable(rows: readonly Row[], port: number): string {
  const own = rows.find((r) => r.key['prefixLength'] === 64 && r.key['port'] === port);
  const row = own ?? rows.find((r) => r.key['prefixLength'] === 32);
  return row === undefined ? 'no-entry' : String(row.value['verdict']);
}

function covers({ key }: Row, address: string): boolean {
  const bits = (text: string): string =>
    [...parseAddress(text)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const length = Number(key['prefixLength']);
  return bits(address).slice(0, length) === bits(String(key['address'])).slice(0, length);
}

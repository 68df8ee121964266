import { encodeRows, rowsOf } from '../state/columns.js';
import type { Columns } from '../state/state.js';

const WAYS = ['proxyEgress', 'proxyIngress'] as const;

/** The rows of plumb_config at the commit: the policy before it may still lead packets to its proxy. */
export function keepProxy(now: Columns, wanted: Columns): Columns {
  const [before] = rowsOf('plumb_config', now);
  const [after] = rowsOf('plumb_config', wanted);
  if (before === undefined || after === undefined) return wanted;
  const kept = WAYS.filter((way) => before.value[way] !== '' && after.value[way] === '');
  if (kept.length === 0) return wanted;
  const ways = Object.fromEntries(
    [...kept, 'proxyMode'].map((field) => [field, before.value[field] ?? '']),
  );
  return encodeRows('plumb_config', [{ key: after.key, value: { ...after.value, ...ways } }]);
}

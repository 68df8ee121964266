import { expect, it } from 'vitest';
import { PlumbError } from '../../src/model/error.js';
import { plan } from '../../src/plan/make-plan.js';
import { emptyState } from '../../src/state/canonical.js';
import { entries } from '../../src/state/kinds/bpf-entries.js';
import type { State } from '../../src/state/state.js';

/** Two policies that need 300,000 refs, of which a node has 262,144. */
const refs = [200_000, 100_000].map((count, n) => {
  const version = n + 1;
  const rows = Array.from({ length: count }, (_, i) => ({
    key: { version, direction: 0, class: i },
    value: { table: 1 },
  }));
  const origin = { path: `rule${String(n)}`, file: 'plumb.ts', line: 20 + n };
  return entries('plumb_refs', rows, { group: version, origin });
});
const crowded: State = { ...emptyState('hoth'), resources: refs };

it('a plan that does not fit is refused, and says who takes most', () => {
  let thrown: unknown;
  try {
    plan(crowded, emptyState('hoth'));
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(PlumbError);
  expect(thrown).toMatchObject({
    code: 'PLB_MAP_FULL',
    message: 'plumb_refs holds 262,144 entries; this plan needs 300,000',
    detail: 'most of it by rule0 (plumb.ts:20) 200,000, rule1 (plumb.ts:21) 100,000',
  });
});

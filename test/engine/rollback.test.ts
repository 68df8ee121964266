import { describe, expect, it } from 'vitest';
import { policyDigest, rollbackTo, whatIsMissing } from '../../src/engine/rollback.js';
import { emptyState } from '../../src/state/canonical.js';
import { entries, PREVIOUS_HEADS } from '../../src/state/kinds/bpf-entries.js';
import { markPrevious } from '../../src/state/previous.js';
import type { EntriesResource, State } from '../../src/state/state.js';

const head = (version: number, policySet = 5): EntriesResource =>
  entries('plumb_heads', [{ key: { policySet }, value: { version } }]);

const policy = (version: number, table: number): EntriesResource[] => [
  entries('plumb_refs', [{ key: { version, direction: 0, class: 0 }, value: { table } }], {
    group: version,
  }),
  entries(
    'plumb_tables',
    [{ key: { prefixLength: 32, table, protocol: 0, port: 0 }, value: { verdict: 1 } }],
    { group: table },
  ),
];

const endpoint = entries('plumb_endpoints', [
  { key: { address: '10.1.0.11' }, value: { identity: 256, policySet: 5 } },
]);

/** A node whose heads lead to version 2, and those kept for undo to `previous`. */
function state(resources: readonly EntriesResource[], previous = head(1)): State {
  return markPrevious({
    ...emptyState('hoth'),
    resources: [endpoint, head(2), { ...previous, key: PREVIOUS_HEADS }, ...resources],
  });
}

const whole = state([...policy(1, 11), ...policy(2, 12)]);

describe('the policy that is kept for undo', () => {
  it('is fit when its versions, tables and policy sets are all there', () => {
    expect(whatIsMissing(whole)).toBeUndefined();
  });

  it('is not when a version, a table or the policy set of an endpoint is missing', () => {
    const [refs, table] = policy(1, 11);
    expect(whatIsMissing(state([...policy(2, 12), ...(table ? [table] : [])]))).toContain(
      'version 00000001',
    );
    expect(whatIsMissing(state([...policy(2, 12), ...(refs ? [refs] : [])]))).toContain(
      'table 0000000b',
    );
    const other = state([...policy(1, 11), ...policy(2, 12)], head(1, 6));
    expect(whatIsMissing(other)).toContain('policy set 00000005');
  });

  it('is not gone back to when a killed apply staged another one, complete as it may look', () => {
    const document = { version: 1, nodes: [], endpoints: [], policies: [] };
    const program = { version: 1, node: 'hoth', document, lock: { version: 1, identities: {} } };
    const kept = JSON.stringify({ version: 1, policy: policyDigest(whole), program });
    const staged = state([...policy(3, 13), ...policy(2, 12)], head(3));
    expect(whatIsMissing(staged)).toBeUndefined();
    expect(() => rollbackTo(staged, JSON.stringify(program), kept)).toThrow(
      /not what the last apply left/,
    );
    expect(() => rollbackTo(whole, JSON.stringify(program), undefined)).toThrow(
      expect.objectContaining({ code: 'PLB_NO_PREVIOUS' }),
    );
  });
});

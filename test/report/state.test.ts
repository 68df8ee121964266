import { describe, expect, it } from 'vitest';
import { emptyState } from '../../src/state/canonical.js';
import { entries } from '../../src/state/kinds/bpf-entries.js';
import { resource } from '../../src/state/kinds.js';
import { renderState } from '../../src/report/state.js';

const PLAIN = { colour: false, width: 100 };

describe('a state on a terminal', () => {
  it('has a table for each kind and each set of rows, decoded', () => {
    const key = { prefixLength: 64, table: 0xabc, protocol: 6, port: 80 };
    const prefix = { prefixLength: 104, address: '10.0.0.0' };
    const shown = renderState(
      {
        ...emptyState('hoth'),
        resources: [
          resource('netns', { name: 'xwing' }),
          resource('address', { netns: 'xwing', device: 'eth0', address: '10.1.0.31' }),
          entries('plumb_tables', [{ key, value: { verdict: 2 } }], { group: 0xabc }),
          entries('plumb_ipcache_lpm', [{ key: prefix, value: { identity: 9 } }]),
        ],
        previous: ['plumb_tables/00000abc'],
      },
      PLAIN,
    );
    expect(shown).toMatch(/netns +device +address\n +xwing +eth0 +10\.1\.0\.31\/32/);
    expect(shown).toContain('plumb_tables/00000abc  1 row  kept for undo');
    expect(shown).toMatch(/80\/TCP +allow/);
    expect(shown).toMatch(/10\.0\.0\.0\/8 +9/);
  });

  it('counts rows beyond the first', () => {
    const rows = Array.from({ length: 1200 }, (_, i) => ({
      key: { identity: i },
      value: { class: 1 },
    }));
    const resources = [entries('plumb_classes', rows)];
    const shown = renderState({ ...emptyState('hoth'), resources }, PLAIN);
    expect(shown).toContain('plumb_classes  1,200 rows');
    expect(shown).toContain('and 1,150 rows more');
    expect(shown.split('\n').length).toBeLessThan(60);
  });
});

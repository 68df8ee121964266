import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lint } from '../../src/model/lint.js';
import { plan } from '../../src/plan/make-plan.js';
import { emptyState } from '../../src/state/canonical.js';
import { entries } from '../../src/state/kinds/bpf-entries.js';
import { resource } from '../../src/state/kinds.js';
import type { Resource, State } from '../../src/state/state.js';
import { renderPlanMarkdown } from '../../src/report/markdown.js';
import { rangeTexts } from '../../src/report/ranges.js';
import { renderPlan } from '../../src/report/terminal.js';
import type { TrafficLine } from '../../src/report/traffic.js';

const line = (n: number) => ({ path: 'hoth/deathstar', file: 'plumb.ts', line: n });
const PLAIN = { colour: false, width: 90 };

/** One policy set that allows a port to a class, and everything that leads to it. */
function policy(port: number): Resource[] {
  const table = port << 16;
  const version = (port << 16) + 1;
  const row = { key: { prefixLength: 64, table, protocol: 6, port }, value: { verdict: 2 } };
  const refs = [
    { key: { version, direction: 0, class: 7 }, value: { table } },
    { key: { version, direction: 0, class: 0 }, value: { table: 1 } },
  ];
  const deny = { key: { prefixLength: 32, table: 1, protocol: 0, port: 0 }, value: { verdict: 1 } };
  return [
    entries('plumb_tables', [row], { group: table, origin: line(31) }),
    entries('plumb_tables', [deny], { group: 1, origin: line(31) }),
    entries('plumb_refs', refs, { group: version, origin: line(31), label: 'deathstar' }),
    entries('plumb_heads', [{ key: { policySet: 5 }, value: { version } }], { origin: line(31) }),
    entries('plumb_classes', [{ key: { identity: 256 }, value: { class: 7 } }]),
  ];
}

const hoth = (resources: readonly Resource[]): State => ({ ...emptyState('hoth'), resources });

const traffic: TrafficLine[] = [
  {
    change: 'allow',
    from: '{org=empire}',
    to: 'deathstar',
    what: '8080/TCP',
    causes: [{ origin: line(31) }],
  },
  {
    change: 'deny',
    from: '{org=empire}',
    to: 'deathstar',
    what: '80/TCP',
    causes: [{ origin: line(31), does: 'no longer allows it', isGone: true }],
  },
];

describe('a plan on a terminal', () => {
  it('gives the summary, the traffic, the steps by phase with their lines, and the maps', () => {
    const shown = renderPlan(plan(hoth(policy(8080)), hoth(policy(80))), traffic, PLAIN);
    expect(shown).toBe(`hoth: 2 to add, 1 to change, 0 to remove; one commit, no interruption

traffic
  + {org=empire} -> deathstar   8080/TCP  plumb.ts:31
  - {org=empire} -> deathstar   80/TCP    plumb.ts:31 no longer allows it

stage    + table 1f90  8080/TCP allow                                          plumb.ts:31
         + version deathstar 1f90  ingress 0000 -> 1f90, ingress else -> 0000  plumb.ts:31
commit   ~ head  deathstar 0050 -> 1f90                                        plumb.ts:31
         * one write: the new policy judges

maps     classes 1/512,000   heads 2/65,536   refs 4/262,144   tables 3/262,144`);
  });

  it('says when there is nothing to change', () => {
    const state = hoth(policy(80));
    expect(renderPlan(plan(state, state), [], PLAIN)).toBe('hoth: nothing to change');
  });

  it('colours only when asked to, and says the same', () => {
    const made = plan(hoth(policy(8080)), hoth(policy(80)));
    const coloured = renderPlan(made, traffic, { ...PLAIN, colour: true });
    expect(coloured).toContain('\u001b[');
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(renderPlan(made, traffic, PLAIN));
  });

  it('keeps within the width', () => {
    const made = plan(hoth(policy(8080)), emptyState('hoth'));
    for (const width of [60, 72, 120]) {
      for (const text of renderPlan(made, [], { colour: false, width }).split('\n').slice(1)) {
        expect(text.length).toBeLessThanOrEqual(width);
      }
    }
  });

  it('cuts nobody out of the traffic, however narrow the terminal', () => {
    const peers = ['deathstar', 'tiefighter', 'xwing'].map((name) => `{class=${name},org=empire}`);
    const wide: TrafficLine = {
      ...traffic[0]!,
      from: peers.join(', '),
      to: peers.join(', '),
      causes: [{ origin: line(31), does: 'no longer allows it', isGone: true }],
    };
    const made = plan(hoth([]), hoth([]));
    const shown = renderPlan(made, [wide], { colour: false, width: 72 });
    for (const text of shown.split('\n')) expect(text.length).toBeLessThanOrEqual(72);
    expect(shown).not.toContain('…');
    for (const name of ['deathstar', 'tiefighter', 'xwing']) {
      expect(shown.split(`class=${name}`)).toHaveLength(3);
    }
  });

  it('counts rows beyond the first few, and says where each comes from', () => {
    const rows = Array.from({ length: 5000 }, (_, i) => ({
      key: { identity: 256 + i },
      value: { class: 9 },
      origin: line(100 + i),
    }));
    const shown = renderPlan(plan(hoth([entries('plumb_classes', rows)]), hoth([])), [], PLAIN);
    expect(shown).toContain('+ 5,000 rows of plumb_classes');
    expect(shown).toMatch(/\+ {3}256 -> class 00000009 +plumb.ts:100/);
    expect(shown).toContain('and 4,997 rows more');
  });

  it('hides no row that goes: a few are shown, and of many the keys, as ranges', () => {
    const rows = (ids: readonly number[]) =>
      hoth([
        entries(
          'plumb_classes',
          ids.map((identity) => ({ key: { identity }, value: { class: 9 } })),
        ),
      ]);
    const few = renderPlan(plan(rows([256]), rows([256, 257, 258, 300, 301, 999])), [], PLAIN);
    for (const id of [257, 258, 300, 301, 999]) {
      expect(few).toMatch(new RegExp(`- +${String(id)} -> class 00000009`));
    }
    const ids = Array.from({ length: 5000 }, (_, i) => 300 + i).filter((id) => id % 1000 !== 0);
    const many = renderPlan(plan(rows([256]), rows([256, ...ids])), [], PLAIN);
    expect(many).toMatch(/- +300-999, 1001-1999, 2001-2999, 3001-3999, 4001-4999, 5001-5299\n/);
  });

  it('says as ranges exactly the keys that are given', () => {
    const texts = fc.array(
      fc.oneof(
        fc.nat(40).map(String),
        fc.nat(40).map((n) => `10.0.0.${String(n)}`),
        fc.nat(20).map((n) => `80/TCP ${String(n)}`),
        fc.constantFrom('fd00::1', 'fd00::2', 'a1', 'a2', '1.007', 'else'),
      ),
      { maxLength: 60 },
    );
    const expand = (text: string): string[] => {
      const [, head = '', from = '', to = ''] = /^(.*?)(\d+)-(\d+)$/.exec(text) ?? [];
      if (to === '') return [text];
      const count = Number(to) - Number(from) + 1;
      return Array.from({ length: count }, (_, i) => `${head}${String(Number(from) + i)}`);
    };
    fc.assert(
      fc.property(texts, (some) => {
        expect(rangeTexts(some).flatMap(expand).sort()).toEqual([...new Set(some)].sort());
      }),
    );
    expect(rangeTexts(['10.0.0.2', '10.0.0.10', '10.0.0.1'])).toEqual(['10.0.0.1-2', '10.0.0.10']);
  });

  it('counts creations that are alike, but shows everything that goes', () => {
    const names = Array.from({ length: 30 }, (_, i) => `ep${String(i).padStart(2, '0')}`);
    const spaces = hoth(names.map((name) => resource('netns', { name })));
    const made = renderPlan(plan(spaces, emptyState('hoth')), [], PLAIN);
    expect(made).toContain('+ and 22 namespaces more');
    const gone = renderPlan(plan(emptyState('hoth'), spaces), [], PLAIN);
    for (const name of names) expect(gone).toContain(`- namespace ${name}`);
  });

  it('names the links whose replacement interrupts traffic', () => {
    const veth = (peer: string): State =>
      hoth([
        resource('link', {
          name: 'lxcxwing',
          type: 'veth',
          mac: '02:00:00:00:00:01',
          mtu: 1500,
          up: true,
          peer: { netns: 'xwing', name: peer, mac: '02:00:00:00:00:02' },
        }),
      ]);
    const shown = renderPlan(plan(veth('eth0'), veth('eth1')), [], PLAIN);
    expect(shown).toContain('interrupts lxcxwing');
    expect(shown).toContain('± link lxcxwing  differs: peer.name');
  });

  it('shows control characters of names by their code', () => {
    const spaces = hoth([resource('netns', { name: 'a\u001b[31mb' })]);
    expect(renderPlan(plan(spaces, emptyState('hoth')), [], PLAIN)).toContain('a\\u001b[31mb');
  });
});

describe('a plan as Markdown', () => {
  it('shows traffic openly and folds the steps', () => {
    const shown = renderPlanMarkdown(plan(hoth(policy(8080)), hoth(policy(80))), traffic);
    expect(shown).toContain('### hoth: 2 to add, 1 to change, 0 to remove');
    expect(shown.indexOf('8080/TCP')).toBeLessThan(shown.indexOf('<details>'));
    expect(shown).toContain('<details><summary>Stage: 2 steps</summary>');
  });

  it('stays under 65,536 characters, says what it leaves out, and puts removals first', () => {
    const names = Array.from({ length: 3000 }, (_, i) => `endpoint-number-${i}`);
    const spaces = hoth(names.map((name) => resource('netns', { name })));
    const many = Array.from({ length: 3000 }, (): TrafficLine => traffic[0]!);
    const shown = renderPlanMarkdown(plan(hoth(policy(80)), spaces), many);
    expect(shown.length).toBeLessThan(65_536);
    expect(shown).toContain('<summary>Removed or replaced: 3,000</summary>');
    expect(shown.indexOf('Removed or replaced')).toBeLessThan(shown.indexOf('Stage:'));
    expect(shown).toMatch(/! and [\d,]+ more: [\d,]+ namespaces\n/);
    expect(shown).toMatch(/! [\d,]+ lines more, too many for a comment/);
  });

  it('sums up the traffic that it leaves out: how many, and from whom', () => {
    const lines = Array.from({ length: 3000 }, (_, i): TrafficLine => {
      return { ...traffic[1]!, from: `{app=client-${String(i)}}`, what: `${String(i)}/TCP` };
    });
    const shown = renderPlanMarkdown(plan(hoth(policy(8080)), hoth(policy(80))), [
      ...lines,
      traffic[0]!,
    ]);
    expect(shown).toContain('Traffic: 3,000 close, 1 opens.');
    const [, more = ''] = /! and ([\d,]+) more are to close, from \{app=client-/.exec(shown) ?? [];
    const told = shown.split('\n').filter((text) => text.startsWith('- {app='));
    expect(told.length + Number(more.replace(',', ''))).toBe(3000);
    expect(shown).toMatch(/ and [\d,]+ others\n/);
    expect(shown).toContain('+ {org=empire} -> deathstar   8080/TCP');
  });

  it('tells what closes and what opens, with the text of the line that does it', () => {
    const shown = renderPlanMarkdown(plan(hoth(policy(8080)), hoth(policy(80))), traffic, {
      sourceOf: (origin) => `line ${String(origin.line)} of ${origin.file ?? ''}`,
      lints: [lint('PLL_ANY_PEER', 'a rule names no peer', line(31), 'Name who is meant.')],
    });
    const [head = ''] = shown.split('<details><summary>Stage');
    expect(head).toMatchInlineSnapshot(`
      "### hoth: 2 to add, 1 to change, 0 to remove; one commit, no interruption

      Traffic: 1 closes, 1 opens.

      **Closes**

      \`\`\`diff
      @@ plumb.ts:31 no longer allows it @@
      - {org=empire} -> deathstar   80/TCP
      \`\`\`

      **Opens**

      \`\`\`diff
      @@ plumb.ts:31 allows it @@
        plumb.ts:31 | line 31 of plumb.ts
      + {org=empire} -> deathstar   8080/TCP
      \`\`\`

      <details open><summary>Lints: 1 warning</summary>

      \`\`\`diff
      ! PLL_ANY_PEER            plumb.ts:31
      !   a rule names no peer
          Name who is meant.
      \`\`\`

      </details>

      "
    `);
  });

  it('is below 65,536 characters whatever a plan is told with', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 300 });
    const some = fc.array(
      fc.record({
        change: fc.constantFrom('allow' as const, 'deny' as const, 'change' as const),
        from: text,
        to: text,
        what: text,
        causes: fc.array(
          fc.record({ origin: fc.record({ path: text, file: text, line: fc.nat() }), does: text }),
          { maxLength: 3 },
        ),
        note: text,
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(some, text, fc.nat(400), fc.nat(2000), (lines, source, times, steps) => {
        const told = Array.from({ length: times }, () => lines).flat();
        const names = Array.from({ length: steps }, (_, i) => `${source}${String(i)}`);
        const spaces = hoth(names.map((name) => resource('netns', { name })));
        const lints = told.map(({ from }) => lint('PLL_ANY_PEER', from, line(1), source));
        const made = plan(times % 2 === 0 ? spaces : emptyState('hoth'), hoth(policy(80)));
        const shown = renderPlanMarkdown(made, told, { lints, sourceOf: () => source });
        expect(shown.length).toBeLessThan(65_536);
      }),
      { numRuns: 15 },
    );
  });

  it('cannot be broken out of by a name', () => {
    const name = '```\n</details> <script>';
    const shown = renderPlanMarkdown(plan(hoth([resource('netns', { name })]), emptyState('hoth')));
    expect(shown).toContain('````diff\n+ namespace ```\\u000a</details> <script>');
  });
});

import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { plan } from '../../src/plan/make-plan.js';
import { renderPlanHtml } from '../../src/report/html.js';
import type { TrafficLine } from '../../src/report/traffic.js';
import { emptyState } from '../../src/state/canonical.js';
import { entries } from '../../src/state/kinds/bpf-entries.js';
import { resource } from '../../src/state/kinds.js';
import type { State } from '../../src/state/state.js';

const EVIL = `</code></title><script>alert(1)</script><img src=x onerror='alert("2")'>`;
const origin = { path: EVIL, file: `${EVIL}.ts`, line: 3 };

const evil = (): State => ({
  ...emptyState('hoth'),
  resources: [
    resource('netns', { name: EVIL }, origin),
    entries('plumb_classes', [{ key: { identity: 256 }, value: { class: 7 } }], {
      origin,
      label: EVIL,
    }),
  ],
});

const traffic: TrafficLine[] = [
  {
    change: 'deny',
    from: `{org=${EVIL}}`,
    to: EVIL,
    what: EVIL,
    note: EVIL,
    causes: [{ origin, does: EVIL }],
  },
];

const made = plan(evil(), emptyState('hoth'));
const shown = renderPlanHtml({ ...made, node: EVIL }, traffic);

describe('a plan as HTML', () => {
  it('holds nothing of a name, label or path as markup', () => {
    expect(shown.match(/<script/g)).toHaveLength(1);
    expect(shown).not.toContain('<img');
    expect(shown).not.toContain('alert(1)</script>');
    expect(shown.match(/&#60;script&#62;alert\(1\)/g)?.length).toBeGreaterThan(6);
    expect(shown).not.toMatch(/<[^>]*onerror/);
  });

  it('allows by its own policy the one script that it has, and nothing from elsewhere', () => {
    const script = /<script>([\s\S]*?)<\/script>/.exec(shown)?.[1] ?? '';
    const hash = createHash('sha256').update(script).digest('base64');
    expect(shown).toContain(`script-src 'sha256-${hash}'`);
    expect(shown).toContain("default-src 'none'");
    expect(shown).not.toMatch(/https?:|\bsrc="|\bhref=/);
  });

  it('has a script that runs to its end in a page without a search box', () => {
    const script = /<script>([\s\S]*?)<\/script>/.exec(shown)?.[1] ?? '';
    expect(script.length).toBeGreaterThan(100);
    expect(() => {
      runInNewContext(script, { document: { getElementById: () => null } });
    }).not.toThrow();
  });

  it('puts traffic before the steps, and every step of a phase in its fold', () => {
    expect(shown.indexOf('<h2>Traffic')).toBeGreaterThan(0);
    expect(shown.indexOf('<h2>Traffic')).toBeLessThan(shown.indexOf('<h2>Steps'));
    expect(shown.match(/<li>/g)).toHaveLength(made.steps.length);
    expect(shown).toContain('<summary>stage: ');
  });

  it('says so when there is nothing to change', () => {
    const nothing = renderPlanHtml(plan(emptyState('hoth'), emptyState('hoth')));
    expect(nothing).toContain('<h1>hoth: nothing to change</h1>');
    expect(nothing).not.toContain('<details');
  });
});

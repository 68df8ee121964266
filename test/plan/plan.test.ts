import { describe, expect, it } from 'vitest';
import { plan } from '../../src/plan/make-plan.js';
import { simulate } from '../../src/plan/simulate.js';
import type { Plan } from '../../src/plan/plan.js';
import { PlumbError } from '../../src/model/error.js';
import { emptyState, normalizeState } from '../../src/state/canonical.js';
import { entries, PREVIOUS_HEADS } from '../../src/state/kinds/bpf-entries.js';
import type { Resource, State } from '../../src/state/state.js';
import { select, widthsOf } from '../../src/state/columns.js';
import { withoutPrevious } from '../../src/state/previous.js';
import { compile, type World } from './world.js';

const world: World = {
  endpoints: [0, 1],
  rules: [{ subject: 1, direction: 'ingress', peer: 2, port: 80, allow: true }],
  allowLocalhost: true,
};
const rule = world.rules[0]!;
const base = compile(world, { devices: true });

function brief({ steps }: Plan): string[] {
  return steps.map((s) => `${s.phase} ${s.action} ${s.kind} ${s.key.replace(/[0-9a-f]{8}$/, '#')}`);
}

function without(state: State, gone: (resource: Resource) => boolean): State {
  return { ...state, resources: state.resources.filter((resource) => !gone(resource)) };
}

/** The same state with row `n` of a set of rows gone. */
function withoutRow(state: State, prefix: string, n: number): State {
  let done = false;
  const resources = state.resources.map((resource) => {
    if (done || resource.kind !== 'bpf-entries' || !resource.key.startsWith(prefix))
      return resource;
    done = true;
    const kept = Array.from({ length: resource.columns.count }, (_, i) => i).filter((i) => i !== n);
    return { ...resource, columns: select(resource.columns, widthsOf(resource.map), kept) };
  });
  return { ...state, resources };
}

describe('a plan', () => {
  it('is empty for equal states', () => {
    const { steps, summary } = plan(base, base);
    expect(steps).toEqual([]);
    expect(summary).toEqual({ add: 0, change: 0, remove: 0 });
  });

  it('of a changed port is one table, one version, one head and one commit', () => {
    const other = compile({ ...world, rules: [{ ...rule, port: 443 }] }, { devices: true });
    const made = plan(other, base);
    expect(brief(made)).toEqual([
      'stage create bpf-entries plumb_tables/#',
      'stage create bpf-entries plumb_refs/#',
      'commit update bpf-entries plumb_heads',
      'commit commit bpf-entries plumb_config/epoch',
    ]);
    expect(made.steps.map((step) => step.flip)).toEqual([undefined, undefined, undefined, true]);
    expect(made.summary).toEqual({ add: 2, change: 1, remove: 0 });
    expect(made.steps[0]?.label).toContain('443/TCP allow');
  });

  it('of the next changed port takes away the policy before the last, and keeps the last', () => {
    const second = compile({ ...world, rules: [{ ...rule, port: 443 }] }, { devices: true });
    const third = compile({ ...world, rules: [{ ...rule, allow: false }] }, { devices: true });
    const settled = simulate(base, plan(second, base).steps);
    const made = plan(third, settled);
    expect(brief(made).filter((line) => line.startsWith('retire'))).toEqual([
      'retire delete bpf-entries plumb_refs/#',
      'retire delete bpf-entries plumb_tables/#',
    ]);
    const after = simulate(settled, made.steps);
    expect(withoutPrevious(after)).toEqual(third);
    expect(after.previous).toContain(PREVIOUS_HEADS);
  });

  it('back to the policy before is the one write that commits', () => {
    const other = compile({ ...world, rules: [{ ...rule, port: 443 }] }, { devices: true });
    const settled = simulate(base, plan(other, base).steps);
    expect(brief(plan(base, settled))).toEqual(['commit commit bpf-entries plumb_config/epoch']);
  });

  it('mends a route that is gone in one step', () => {
    const drifted = without(base, (r) => r.key === '10.1.0.10/32 dev lxc0');
    expect(brief(plan(base, drifted))).toEqual(['stage create route 10.1.0.10/32 dev lxc0']);
  });

  it('mends a filter that is gone in one step', () => {
    const drifted = without(base, (r) => r.key === 'tc-block/ingress');
    expect(brief(plan(base, drifted))).toEqual(['stage create bpf-link tc-block/ingress']);
  });

  it('mends a map entry that is gone in one step, and has established flows judged again', () => {
    for (const map of ['plumb_ipcache', 'plumb_classes', 'plumb_refs', 'plumb_tables']) {
      const made = plan(base, withoutRow(base, map, 0));
      expect(made.steps.map((s) => [s.action, s.flip])).toEqual([
        ['create', undefined],
        ['commit', false],
      ]);
      expect(made.summary).toEqual({ add: 1, change: 0, remove: 0 });
    }
  });

  it('takes a row that does not belong there away, and has flows judged again after it', () => {
    const stranger = { key: { address: '10.66.0.1' }, value: { identity: 1 } };
    const resources = base.resources.map((resource) => {
      if (resource.key !== 'plumb_ipcache' || resource.kind !== 'bpf-entries') return resource;
      return entries('plumb_ipcache', [stranger]);
    });
    const made = plan(base, { ...base, resources });
    expect(brief(made)).toEqual([
      'stage create bpf-entries plumb_ipcache',
      'commit commit bpf-entries plumb_config/epoch',
      'retire delete bpf-entries plumb_ipcache',
      'retire commit bpf-entries plumb_config/epoch',
    ]);
  });

  it('from nothing has filters before devices, devices before their rows, rows before routes', () => {
    const made = plan(base, emptyState('hoth'));
    const at = (kind: string, key: string): number =>
      made.steps.findIndex((step) => step.kind === kind && step.key.startsWith(key));
    const order = [
      at('bpf-map', 'plumb_refs'),
      at('bpf-program', 'from_endpoint'),
      at('link', 'plumb0'),
      at('address', 'plumb0/'),
      at('bpf-link', 'tc-block/ingress'),
      at('bpf-entries', 'plumb_tables'),
      at('bpf-entries', 'plumb_refs'),
      at('bpf-entries', 'plumb_classes'),
      at('bpf-entries', 'plumb_ipcache'),
      at('netns', 'ep0'),
      at('link', 'lxc0'),
      at('bpf-entries', 'plumb_devices'),
      at('bpf-entries', 'plumb_endpoints'),
      at('address', 'ep0:eth0'),
      at('neighbor', 'lxc0'),
      at('route', '10.1.0.10/32'),
      at('bpf-entries', 'plumb_heads'),
      at('bpf-entries', 'plumb_config/epoch'),
    ];
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
    expect(simulate(emptyState('hoth'), made.steps)).toEqual(base);
  });

  it('of a destroy takes everything away in the opposite order, without a commit', () => {
    const other = compile({ ...world, rules: [{ ...rule, port: 443 }] }, { devices: true });
    const settled = simulate(base, plan(other, base).steps);
    const made = plan(emptyState('hoth'), settled);
    expect(new Set(made.steps.map((s) => `${s.phase} ${s.action}`))).toEqual(
      new Set(['retire delete']),
    );
    const at = (kind: string, key: string): number =>
      made.steps.findIndex((step) => step.kind === kind && step.key.startsWith(key));
    const order = [
      at('route', '10.1.0.10/32'),
      at('bpf-entries', 'plumb_devices'),
      at('link', 'lxc0'),
      at('netns', 'ep0'),
      at('bpf-entries', 'plumb_refs'),
      at('bpf-link', 'tc-block'),
      at('link', 'plumb0'),
      at('bpf-program', 'from_endpoint'),
      at('bpf-map', 'plumb_refs'),
    ];
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
    expect(simulate(settled, made.steps)).toEqual(emptyState('hoth'));
  });

  it('of an endpoint that leaves takes its rows before its device, and its origin is the node', () => {
    const other = compile({ ...world, endpoints: [0] }, { devices: true });
    const made = plan(other, base, { origin: { path: 'hoth', file: 'plumb.ts', line: 3 } });
    const gone = made.steps.filter((s) => s.phase === 'retire').map((s) => `${s.kind} ${s.key}`);
    expect(gone.indexOf('bpf-entries plumb_devices')).toBeLessThan(gone.indexOf('link lxc1'));
    expect(gone.indexOf('link lxc1')).toBeLessThan(gone.indexOf('netns ep1'));
    for (const step of made.steps.filter((s) => s.action === 'delete')) {
      expect(step.origin).toEqual({ path: 'hoth', file: 'plumb.ts', line: 3 });
    }
  });

  it('says which attributes differ, and changes in place what can be', () => {
    const resources = base.resources.map((r): Resource => {
      if (r.kind !== 'link' || r.key !== 'lxc0') return r;
      return { ...r, attributes: { ...r.attributes, mtu: 1400, up: false } };
    });
    const [step, ...rest] = plan(base, { ...base, resources }).steps;
    expect(rest).toEqual([]);
    expect(step).toMatchObject({ action: 'update', key: 'lxc0', why: 'differs: mtu, up' });
  });

  it('takes down what stands on a link that is replaced, and makes it again', () => {
    const resources = base.resources.map((r): Resource => {
      if (r.kind !== 'link' || r.key !== 'lxc0') return r;
      const peer = { netns: 'ep0', name: 'eth1', mac: '02:00:00:00:00:00' };
      return { ...r, attributes: { ...r.attributes, peer } };
    });
    const actual = { ...base, resources };
    const made = plan(base, actual);
    const replaced = made.steps.findIndex((s) => s.action === 'replace');
    expect(made.steps[replaced]).toMatchObject({ key: 'lxc0', why: 'differs: peer.name' });
    const keys = (action: string): string[] =>
      made.steps.filter((s) => s.action === action).map((s) => `${s.kind} ${s.key}`);
    expect(keys('delete')).toContain('bpf-entries plumb_devices');
    expect(keys('delete')).toContain('route 10.1.0.10/32 dev lxc0');
    for (const step of made.steps.slice(0, replaced)) expect(step.action).toBe('delete');
    expect(keys('create')).toContain('bpf-entries plumb_devices');
    expect(simulate(actual, made.steps)).toEqual(normalizeState(base));
  });

  it('lets a route take the place of another to the same destination', () => {
    const resources = base.resources.map((r): Resource => {
      if (r.kind !== 'route' || r.key !== '10.1.0.10/32 dev lxc0') return r;
      return {
        ...r,
        key: '10.1.0.10/32 dev lxc1',
        attributes: { ...r.attributes, device: 'lxc1' },
      };
    });
    const made = plan(base, { ...base, resources });
    expect(brief(made)).toEqual(['stage replace route 10.1.0.10/32 dev lxc0']);
    expect(made.steps[0]?.before?.key).toBe('10.1.0.10/32 dev lxc1');
  });

  it('makes all maps anew when the shape of one differs, and swaps the programs last', () => {
    const resources = base.resources.map((r): Resource => {
      if (r.kind !== 'bpf-map' || r.key !== 'plumb_refs') return r;
      return { ...r, attributes: { ...r.attributes, maxEntries: 16 } };
    });
    const made = plan(base, { ...base, resources });
    const replaced = made.steps.filter((s) => s.action === 'replace');
    expect(replaced.find((s) => s.key === 'plumb_refs')?.why).toBe('differs: maxEntries');
    expect(replaced.map((s) => s.key)).not.toContain('plumb_conntrack');
    expect(replaced).toHaveLength(12);
    const last = made.steps.slice(-2).map((s) => `${s.phase} ${s.action} ${s.key}`);
    expect(last).toEqual(['commit update from_endpoint', 'commit update to_endpoint']);
    expect(made.steps.filter((s) => s.kind === 'bpf-entries' && s.before !== null)).toEqual([]);
    expect(simulate({ ...base, resources }, made.steps)).toEqual(normalizeState(base));
  });

  it('states the use of every map, both policies included', () => {
    const other = compile({ ...world, rules: [{ ...rule, port: 443 }] }, { devices: true });
    const { maps } = plan(other, base);
    expect(maps['plumb_heads']).toEqual({ used: 4, max: 65_536 });
    expect(maps['plumb_ipcache']).toEqual({ used: 5, max: 512_000 });
    expect(maps['plumb_conntrack']).toBeUndefined();
  });

  it('refuses what a map cannot hold before anything is done, old and new side by side included', () => {
    const small = (state: State): State => ({
      ...state,
      resources: state.resources.map((r): Resource => {
        if (r.kind !== 'bpf-map' || r.key !== 'plumb_heads') return r;
        return { ...r, attributes: { ...r.attributes, maxEntries: 3 } };
      }),
    });
    const other = compile({ ...world, rules: [{ ...rule, port: 443 }] }, { devices: true });
    expect(plan(small(base), small(base)).steps).toEqual([]);
    const refused = (): Plan => plan(small(other), small(base));
    expect(refused).toThrow(PlumbError);
    expect(refused).toThrow('plumb_heads holds 3 entries; this plan needs 4');
  });
});

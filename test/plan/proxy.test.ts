import { describe, expect, it } from 'vitest';
import { plan } from '../../src/plan/make-plan.js';
import { simulate } from '../../src/plan/simulate.js';
import { normalizeState } from '../../src/state/canonical.js';
import { entries } from '../../src/state/kinds/bpf-entries.js';
import { resource } from '../../src/state/kinds.js';
import { PROXY_VERSION } from '../../src/state/proxy-names.js';
import type { Attributes, ListenerSpec, State } from '../../src/state/state.js';

const listener = (id: number, port?: number): ListenerSpec => ({
  ...{ id, protocol: 'http', direction: 'ingress', rules: [{ method: 'GET' }] },
  ...(port === undefined ? {} : { port }),
});

function stateWith(what: Partial<Attributes['proxy']>): State {
  const proxy: Attributes['proxy'] = {
    ...{ version: PROXY_VERSION, mode: 'socket', netns: 'plumb-proxy-hoth', running: true },
    ...{ listeners: [listener(1)], ...what },
  };
  return normalizeState({ version: 1, node: 'hoth', resources: [resource('proxy', proxy)] });
}

const stepsOf = (to: State, from: State) =>
  plan(to, from).steps.map(({ phase, action, after }) => [
    phase,
    action,
    after?.kind === 'proxy' ? after.attributes.listeners.map(({ id }) => id) : [],
  ]);

describe('a plan for the proxy', () => {
  it('keeps listeners that leave until nothing is led to them any more', () => {
    const [before, after] = [
      stateWith({ listeners: [listener(1)] }),
      stateWith({ listeners: [listener(2)] }),
    ];
    expect(stepsOf(after, before)).toEqual([
      ['stage', 'update', [1, 2]],
      ['retire', 'update', [2]],
    ]);
  });

  it('ends it while its ways are still known', () => {
    const config = (flags: number) =>
      entries('plumb_config', [{ key: { index: 0 }, value: { flags } }]);
    const [before, after] = [
      normalizeState({ ...stateWith({}), resources: [...stateWith({}).resources, config(1)] }),
      normalizeState({ ...stateWith({}), resources: [config(0)] }),
    ];
    const retired = plan(after, before).steps.filter(({ phase }) => phase === 'retire');
    expect(retired.map(({ key }) => key)).toEqual(['proxy', 'plumb_config']);
  });

  it('keeps none over a change of mode, and none whose port another one gets', () => {
    const nat = stateWith({ mode: 'nat', cgroup: 'c', listeners: [listener(1, 10_001)] });
    expect(stepsOf(nat, stateWith({ listeners: [listener(3)] }))).toEqual([
      ['stage', 'update', [1]],
    ]);
    const other = stateWith({ mode: 'nat', cgroup: 'c', listeners: [listener(10_001, 10_001)] });
    expect(stepsOf(other, nat)).toEqual([['stage', 'update', [10_001]]]);
  });

  it('replaces one of another version of plumb', () => {
    const [before, after] = [stateWith({ version: PROXY_VERSION - 1 }), stateWith({})];
    const made = plan(after, before);
    expect(made.steps.map(({ action }) => action)).toEqual(['replace']);
    expect(simulate(before, made.steps)).toEqual(after);
  });

  it('starts again what does not run', () => {
    expect(stepsOf(stateWith({}), stateWith({ running: false }))).toEqual([
      ['stage', 'update', [1]],
    ]);
  });
});

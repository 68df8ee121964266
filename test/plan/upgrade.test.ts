import { expect, it } from 'vitest';
import { plan } from '../../src/plan/make-plan.js';
import { resource } from '../../src/state/kinds.js';
import type { Resource, State } from '../../src/state/state.js';

const stateOf = (...resources: Resource[]): State => ({ version: 1, node: 'hoth', resources });
const program = (object: string, features: Readonly<Record<string, boolean>>) =>
  resource('bpf-program', { name: 'from_endpoint', object, features });
const mac = '02:00:00:00:00:ff';
const tunnel = resource('link', {
  ...{ name: 'plumb_vxlan', type: 'vxlan', mac, mtu: 1450, up: true },
  vxlan: { port: 8472 },
});
const OLD = program('?0123456789abcdef', {});

function programSteps(before: State, after: State) {
  return plan(after, before)
    .steps.filter(({ kind }) => kind === 'bpf-program')
    .map(({ phase, after: to }) => [
      phase,
      to?.kind === 'bpf-program' && to.attributes.features['tunnel'],
    ]);
}

it('another object is one step where nothing is switched off that is used', () => {
  const after = stateOf(program('new', { tunnel: true }), tunnel);
  expect(programSteps(stateOf(OLD, tunnel), after)).toEqual([['stage', true]]);
  expect(programSteps(stateOf(OLD), stateOf(program('new', { tunnel: false })))).toEqual([
    ['stage', false],
  ]);
});

it('another object keeps the switch that the tunnel before the commit needs until after it', () => {
  const after = stateOf(program('new', { tunnel: false }));
  expect(programSteps(stateOf(OLD, tunnel), after)).toEqual([
    ['stage', true],
    ['retire', false],
  ]);
});

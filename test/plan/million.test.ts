import { expect, it } from 'vitest';
import { plan } from '../../src/plan/make-plan.js';
import { stateOf } from './million.js';

const MILLION = 1_000_000;

it('of two states with a million entries and one change has one step of one row', () => {
  const { steps, summary } = plan(stateOf(MILLION, 700_000), stateOf(MILLION));
  const [step, ...rest] = steps.filter(({ action }) => action !== 'commit');
  expect(rest).toEqual([]);
  expect(step).toMatchObject({ action: 'update', key: 'plumb_ipcache', phase: 'stage' });
  const counts = [step?.before, step?.after].map((side) =>
    side?.kind === 'bpf-entries' ? side.columns.count : undefined,
  );
  expect(counts).toEqual([1, 1]);
  expect(summary).toEqual({ add: 0, change: 1, remove: 0 });
});

it('of two equal states with a million entries has none', () => {
  expect(plan(stateOf(MILLION), stateOf(MILLION)).steps).toEqual([]);
});

import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apply } from '../../src/apply/apply.js';
import { plan } from '../../src/plan/make-plan.js';
import { ADDRESS, desiredState, type PolicyOptions } from '../kernel/desired.js';
import { KernelNode } from '../kernel/node.js';

let node: KernelNode;
beforeEach(() => {
  node = new KernelNode('plk-crash');
});
afterEach(() => {
  node.dispose();
});

const DENY: PolicyOptions = { version: 0x0202, verdict: 'deny' };

/** Applies in a process that is killed before a step; true if it came that far. */
function killedBefore(step: number, policy: PolicyOptions): boolean {
  const { signal, stderr } = spawnSync(
    process.execPath,
    [
      ...['scripts/ts-run.mjs', 'test/apply/killed-apply.ts'],
      ...[node.name, node.root, JSON.stringify(policy), String(step)],
    ],
    { encoding: 'utf8' },
  );
  if (signal === null) expect(stderr).toBe('');
  return signal === 'SIGKILL';
}

async function converge(policy: PolicyOptions): Promise<void> {
  const desired = desiredState(node.name, policy);
  await apply(plan(desired, await node.read()), node.instance);
  expect(plan(desired, await node.read()).steps).toEqual([]);
}

describe('an apply that is killed', { timeout: 120_000 }, () => {
  test('is taken up by the next one, wherever the first apply was', async () => {
    // Each round goes on from what the kill before left.
    for (let step = 0; killedBefore(step, {}); step += 3) {
      const { steps } = plan(desiredState(node.name), await node.read());
      expect(steps.length).toBeGreaterThan(0);
    }
    await converge({});
    expect(node.pings(`${node.name}-a`, ADDRESS.b)).toBe(true);
  });

  test('in a change of policy leaves the old or the new one in force', async () => {
    await converge({});
    const { steps } = plan(desiredState(node.name, DENY), await node.read());
    const commit = steps.findIndex(({ flip }) => flip === true);
    expect(commit).toBeGreaterThan(0);
    for (let step = 0; step < steps.length; step++) {
      expect(killedBefore(step, DENY)).toBe(true);
      expect(node.pings(`${node.name}-a`, ADDRESS.b), `step ${step}`).toBe(step <= commit);
      await converge({});
    }
  });
});

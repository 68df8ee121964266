import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apply } from '../../src/apply/apply.js';
import type { StepProgress } from '../../src/apply/run-steps.js';
import { PlumbError } from '../../src/model/error.js';
import { plan } from '../../src/plan/make-plan.js';
import type { Plan } from '../../src/plan/plan.js';
import { emptyState, fingerprint } from '../../src/state/canonical.js';
import type { State } from '../../src/state/state.js';
import { ADDRESS, desiredState } from '../kernel/desired.js';
import { settledInventory, steadyInventory } from '../kernel/inventory.js';
import { KernelNode } from '../kernel/node.js';

let node: KernelNode;
beforeEach(() => {
  node = new KernelNode('plk-fail');
});
afterEach(() => {
  node.dispose();
});

/** Fails at one step, before or after it is done. */
function failingAt(index: number, state: StepProgress['state']) {
  return {
    onStep: (progress: StepProgress): void => {
      if (progress.index === index && progress.state === state) throw new Error('injected');
    },
  };
}

/** Applies as often as there are places to fail at; after each the state must be the one before. */
async function failEverywhere(made: Plan): Promise<void> {
  const before = await node.read();
  for (let index = 0; index < made.steps.length; index++) {
    for (const state of ['started', 'done'] as const) {
      const where = `${state} ${made.steps[index]?.kind ?? ''} ${made.steps[index]?.key ?? ''}`;
      await expect(apply(made, node.instance, failingAt(index, state)), where).rejects.toThrow(
        /^injected$/,
      );
      expect(fingerprint(await node.read()), where).toBe(fingerprint(before));
    }
  }
}

async function converge(desired: State): Promise<void> {
  await apply(plan(desired, await node.read()), node.instance);
}

describe('a failure at any step', () => {
  test('of the first apply leaves nothing at all', { timeout: 120_000 }, async () => {
    const before = await steadyInventory([node.name], [node.bpffs]);
    await failEverywhere(plan(desiredState(node.name), await node.read()));
    expect(await settledInventory(before, [node.name], [node.bpffs])).toEqual(before);
  });

  test('of a change of policy leaves the old policy in force', { timeout: 120_000 }, async () => {
    await converge(desiredState(node.name));
    const denied = desiredState(node.name, { version: 0x0202, verdict: 'deny' });
    await failEverywhere(plan(denied, await node.read()));
    expect(node.pings(`${node.name}-a`, ADDRESS.b)).toBe(true);
  });

  test('of a removal leaves everything running', { timeout: 120_000 }, async () => {
    await converge(desiredState(node.name));
    await failEverywhere(plan(emptyState(node.name), await node.read()));
    expect(node.pings(`${node.name}-a`, ADDRESS.b)).toBe(true);
  });
});

describe('a refusal', () => {
  test('to be interrupted half-way undoes what was done', async () => {
    const controller = new AbortController();
    const made = plan(desiredState(node.name), await node.read());
    const refused = apply(made, node.instance, {
      signal: controller.signal,
      onStep: ({ index }) => {
        if (index === 5) controller.abort();
      },
    });
    await expect(refused).rejects.toMatchObject({ code: 'PLB_INTERRUPTED' });
    expect((await node.read()).resources).toEqual([]);
  });

  test('of a stale plan changes nothing and says what moved', async () => {
    await converge(desiredState(node.name));
    const made = plan(emptyState(node.name), await node.read());
    node.ip('route', 'delete', `${ADDRESS.a}/32`);
    const now = fingerprint(await node.read());
    const error = await apply(made, node.instance).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(PlumbError);
    expect(error).toMatchObject({
      code: 'PLB_STALE_PLAN',
      detail: `route ${ADDRESS.a}/32 dev lxca: is no longer there`,
    });
    expect(fingerprint(await node.read())).toBe(now);
  });

  test('to share a device name with a stranger undoes what was done and names the line', async () => {
    node.ip('link', 'add', 'lxcb', 'type', 'bridge');
    const made = plan(desiredState(node.name), await node.read());
    await expect(apply(made, node.instance)).rejects.toMatchObject({
      code: 'PLB_FOREIGN_LINK',
      origin: { path: `${node.name}/b` },
    });
    expect((await node.read()).resources).toEqual([]);
    expect(node.ip('link')).toContain('lxcb');
  });

  test('to take over a stranger’s route undoes what was done', async () => {
    node.ip('link', 'add', 'other', 'type', 'bridge');
    node.ip('link', 'set', 'other', 'up');
    node.ip('route', 'add', `${ADDRESS.a}/32`, 'dev', 'other');
    const made = plan(desiredState(node.name), await node.read());
    await expect(apply(made, node.instance)).rejects.toMatchObject({ code: 'PLB_FOREIGN_ROUTE' });
    expect((await node.read()).resources).toEqual([]);
    expect(node.ip('route')).toContain(`${ADDRESS.a} dev other`);
  });
});

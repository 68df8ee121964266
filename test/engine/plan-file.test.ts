import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { synthesize } from '../../src/engine/desired.js';
import { loadPlanned, planAgainst, plannedToJson, type Planned } from '../../src/engine.js';
import { PlumbError } from '../../src/model/error.js';
import { planToJson } from '../../src/plan/plan-json.js';
import { emptyState } from '../../src/state/canonical.js';
import type { Json } from '../../src/state/canonical-json.js';

const directory = mkdtempSync(join(tmpdir(), 'plumb-plan-file-'));
const path = join(directory, 'plan.json');
afterAll(() => rmSync(directory, { recursive: true }));

let planned: Planned;
beforeAll(async () => {
  const program = resolve(import.meta.dirname, '../../examples/star-wars/plumb.ts');
  planned = planAgainst(await synthesize(program), emptyState('hoth'));
});

async function read(document: object): Promise<Planned> {
  writeFileSync(path, JSON.stringify(document));
  return loadPlanned(path);
}

it('a plan file gives back the plan, what it says of traffic, its lints and its program', async () => {
  const { plan, traffic, lints, program } = await read(plannedToJson(planned));
  expect(plan.steps).toEqual(planned.plan.steps);
  expect(traffic.length).toBeGreaterThan(0);
  expect(traffic).toEqual(JSON.parse(JSON.stringify(planned.traffic)));
  expect({ lints, program }).toEqual({ lints: planned.lints, program: planned.program });
});

const told = { allowed: [], denied: [], changed: [] };

it.each<[string, Json, Json, Json]>([
  ['no verdicts', null, null, []],
  ['verdicts of another shape', { ...told, denied: [{ from: 'anybody' }] }, null, []],
  ['lints that there are not', told, null, [{ code: 'PLL_X' }]],
  ['a program that is none', told, { version: 1 }, []],
])(
  'a plan file with %s is refused, be its digest right',
  async (_what, verdicts, program, lints) => {
    const error: unknown = await read(planToJson(planned.plan, verdicts, program, lints)).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(PlumbError);
    expect(error).toMatchObject({ code: 'PLB_PLAN_FILE' });
  },
);

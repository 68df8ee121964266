import { planAgainst, planFromProgram, stateFrom } from '../engine.js';
import { synthesizeDocument } from '../engine/desired.js';
import type { Plan, Step } from '../plan/plan.js';
import { failure } from './failure.js';
import type { Source } from './network.js';

export interface PlanOptions {
  /** What the node is said to hold: `empty`, or a file that `plumb synth --json` or `plumb show --json` wrote. */
  readonly state: string;
  /** Which of the program's nodes. @default the only one, or the one named like this host */
  readonly node?: string;
}

/**
 * What `plumb plan --state` would say, without privileges or a kernel.
 * @throws PlumbError or PlumbErrors, whatever is wrong with the program
 */
export async function planOf(source: Source, options: PlanOptions): Promise<Plan> {
  if (typeof source === 'string') return (await planFromProgram(source, options)).plan;
  if ('manifests' in source) return (await planFromProgram('', { ...options, ...source })).plan;
  const desired = await synthesizeDocument(source.toDocument(), options);
  return planAgainst(desired, await stateFrom(options.state, desired.node.name)).plan;
}

/**
 * For plans that must only add, or change in place. Rows of maps do not count: any change of policy
 * retires the one before it.
 * @throws AssertionError with what the plan removes
 */
export function expectNoRemovals({ steps }: Pick<Plan, 'steps'>): void {
  const removed = steps.filter(isRemoval);
  if (removed.length === 0) return;
  const names = removed.map(({ kind, key }) => `  ${kind} ${key}`);
  throw failure(`the plan removes\n${names.join('\n')}`, expectNoRemovals);
}

function isRemoval({ action, kind }: Step): boolean {
  return kind !== 'bpf-entries' && (action === 'delete' || action === 'replace');
}

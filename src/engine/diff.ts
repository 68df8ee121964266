import { readFile } from 'node:fs/promises';
import { planAgainst, type Planned } from '../engine.js';
import { PlumbError } from '../model/error.js';
import { plan } from '../plan/make-plan.js';
import type { CompiledPolicy, PolicyView } from '../policy/compiled.js';
import { stateFromText } from '../state/json.js';
import type { State } from '../state/state.js';
import { policyView } from '../synth/policy-view.js';
import { synthesize, type Desired } from './desired.js';
import { trafficLines } from './traffic.js';

/** One thing to compare: a program on one of its nodes, or a state that was written to a file. */
export interface DiffSide {
  readonly state: State;
  /** Absent for a state file: it knows no rules and no labels. */
  readonly desired?: Desired;
}

/**
 * Reads a program, or a state from a file whose name ends in `.json`. Needs no kernel.
 * @throws PlumbError PLB_STATE_FILE, or whatever is wrong with the program.
 */
export async function readSide(
  path: string,
  options: { readonly node?: string | undefined },
): Promise<DiffSide> {
  if (!path.endsWith('.json')) {
    const desired = await synthesize(path, options);
    return { state: desired.state, desired };
  }
  try {
    return { state: stateFromText(await readFile(path, 'utf8'), path) };
  } catch (error) {
    if (error instanceof PlumbError) throw error;
    throw new PlumbError('PLB_STATE_FILE', `${path} cannot be read`, {
      hint: 'Give a file that `plumb show --json` wrote, or a program.',
      cause: error,
    });
  }
}

/** What leads from `a` to `b`: the steps, and what they mean for traffic. */
export function diffSides(a: DiffSide, b: DiffSide): Planned {
  const before = viewOf(a.state);
  if (b.desired !== undefined) {
    const planned = planAgainst(b.desired, a.state);
    return { ...planned, traffic: trafficLines(before, a.desired, b.desired) };
  }
  const after = { policy: withoutRules(viewOf(b.state) ?? NOBODY) };
  return { plan: plan(b.state, a.state), traffic: trafficLines(before, a.desired, after) };
}

function viewOf(state: State): PolicyView | null {
  return state.resources.some((r) => r.kind === 'bpf-entries') ? policyView(state) : null;
}

const NOBODY: PolicyView = {
  classes: new Map(),
  policySets: new Map(),
  heads: new Map(),
  versions: new Map(),
  tables: new Map(),
  allowLocalhost: false,
  prefixes: [],
};

function withoutRules(view: PolicyView): CompiledPolicy {
  return {
    ...view,
    prefixes: view.prefixes ?? [],
    identities: [],
    sets: new Map(),
    classTerms: new Map(),
    classOf: () => undefined,
    listeners: (view.listeners ?? new Map()) as CompiledPolicy['listeners'],
    warnings: [],
  };
}

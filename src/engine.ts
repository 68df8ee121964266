// The pipeline: program -> desired state; kernel -> actual state; both -> plan -> kernel.
import { readFile } from 'node:fs/promises';
import { desiredAsApplied, synthesize, writeLock, type Desired } from './engine/desired.js';
import { provenanceSchema, readCompiled, toProvenance } from './engine/provenance.js';
import { keptText } from './engine/rollback.js';
import { trafficLines } from './engine/traffic.js';
import { lintPlan } from './engine/lint.js';
import { PlumbError } from './model/error.js';
import type { Lint } from './model/lint.js';
import type { Surroundings } from './model/surroundings.js';
import { plan } from './plan/make-plan.js';
import type { Plan } from './plan/plan.js';
import { planFileError, planFromJson, planToJson, type PlanDocument } from './plan/plan-json.js';
import { toldSchema } from './report/documents.js';
import type { Probe } from './report/probes.js';
import type { TrafficLine } from './report/traffic.js';
import { emptyState } from './state/canonical.js';
import type { Json } from './state/canonical-json.js';
import { stateFromText, stateToJson } from './state/json.js';
import { describeIssues } from './state/schema.js';
import type { State } from './state/state.js';
import { policyView } from './synth/policy-view.js';

/** Which node instance: see ARCHITECTURE.md, "Who owns what in a kernel". */
export interface Where {
  readonly netns?: string | undefined;
  readonly root?: string | undefined;
}

export interface PlanRequest extends Where {
  readonly node?: string | undefined;
  /** A file or directory of manifests, or `-`, instead of a program. */
  readonly manifests?: string | undefined;
  /** `empty`, or a state file, to plan against instead of the kernel. */
  readonly state?: string | undefined;
}

/** A plan with what it means for traffic, and what apply needs besides. */
export interface Planned {
  readonly plan: Plan;
  readonly traffic: readonly TrafficLine[];
  /** What is no error and likely not meant; absent where no program was judged. */
  readonly lints?: readonly Lint[];
  /** Absent for a plan that was read from a file, and for destroy. */
  readonly desired?: Desired;
  /** JSON of the provenance file; absent for destroy. */
  readonly program?: Json;
}

/** A plan made here and now from a program. */
export type FreshlyPlanned = Planned & { readonly desired: Desired };

export async function planFromProgram(path: string, request: PlanRequest): Promise<FreshlyPlanned> {
  const [desired, kernel] = await Promise.all([
    synthesize(path, request),
    request.state === undefined ? loadKernel() : undefined,
  ]);
  const node = desired.node.name;
  if (kernel === undefined) return planAgainst(desired, await stateFrom(request.state, node));
  const instance = kernel.openInstance(request);
  const [actual, provenance, surroundings] = await Promise.all([
    kernel.readState(instance, { node }),
    kernel.readProvenance(instance),
    kernel.readSurroundings(instance, desired.node.devices),
  ]);
  return planAgainst(desired, actual, provenance, surroundings);
}

/**
 * `provenance` is the text of the side file of what is applied, if there is one; `surroundings` what
 * the node has besides, if it was read.
 */
export function planAgainst(
  desired: Desired,
  actual: State,
  provenance?: string,
  surroundings?: Surroundings,
): FreshlyPlanned {
  const before = actual.resources.some((r) => r.kind === 'bpf-entries') ? policyView(actual) : null;
  const made = plan(desired.state, actual, { origin: desired.node.origin });
  return {
    plan: made,
    traffic: trafficLines(before, readCompiled(provenance), desired),
    lints: lintPlan(desired, made, surroundings),
    desired,
    program: JSON.parse(JSON.stringify(toProvenance(desired))) as Json,
  };
}

/**
 * What the node holds otherwise than it was applied last, and how it would be mended. The program may
 * say something else by now.
 * @throws PlumbError PLB_NOTHING_APPLIED
 */
export async function planDrift(where: Where): Promise<FreshlyPlanned> {
  const kernel = await loadKernel();
  const instance = kernel.openInstance(where);
  const provenance = await kernel.readProvenance(instance);
  const desired = await desiredAsApplied(provenance);
  const node = desired.node.name;
  const actual = await kernel.readState(instance, { node });
  const surroundings = await kernel.readSurroundings(instance, desired.node.devices);
  return planAgainst(desired, actual, provenance, surroundings);
}

/** Everything of ours goes. */
export async function planDestroy(where: Where): Promise<Planned> {
  const actual = await readActual(where);
  return { plan: plan(emptyState(actual.node), actual), traffic: [] };
}

/** What the kernel holds of ours, decoded. */
export async function readActual(where: Where): Promise<State> {
  const { openInstance, readState } = await loadKernel();
  return readState(openInstance(where));
}

export interface ApplyRequest extends Where {
  /** Undoes what was done, between two steps. */
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: (progress: {
    readonly index: number;
    readonly total: number;
    readonly state: 'started' | 'done' | 'undone';
  }) => void;
}

/** Carries out a plan, or leaves everything as it was. Records identity numbers first: they must not be lost. */
export async function applyPlanned(planned: Planned, request: ApplyRequest): Promise<State> {
  const { openInstance, apply } = await loadKernel();
  if (planned.desired !== undefined) await writeLock(planned.desired);
  return await apply(planned.plan, openInstance(request), {
    previous: keptText,
    ...(planned.program === undefined ? {} : { provenance: JSON.stringify(planned.program) }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    ...(request.onStep === undefined ? {} : { onStep: request.onStep }),
  });
}

/** What a node holds and which program made it: all that it takes to go back there. */
export interface Remembered {
  readonly state: State;
  readonly program?: Json;
}

/** Of the node that a plan is for, before it is applied. */
export async function remember({ plan: { node } }: Planned, where: Where): Promise<Remembered> {
  const { openInstance, readState, readProvenance } = await loadKernel();
  const instance = openInstance(where);
  const [state, text] = await Promise.all([
    readState(instance, { node }),
    readProvenance(instance),
  ]);
  return { state, ...(text === undefined ? {} : { program: JSON.parse(text) as Json }) };
}

/** Back to what was remembered, by a plan of its own. */
export async function goBack({ state, program }: Remembered, where: Where): Promise<State> {
  const { openInstance, readState } = await loadKernel();
  // By name: what is left of it may not tell.
  const now = await readState(openInstance(where), { node: state.node });
  const back: Planned = { plan: plan(state, now), traffic: [] };
  return applyPlanned(program === undefined ? back : { ...back, program }, where);
}

/** The plan as its versioned JSON, for --json and for plan files. */
export function plannedToJson({
  plan: made,
  traffic,
  lints = [],
  program = null,
}: Planned): PlanDocument {
  const verdicts = {
    allowed: traffic.filter((line) => line.change === 'allow'),
    denied: traffic.filter((line) => line.change === 'deny'),
    changed: traffic.filter((line) => line.change === 'change'),
  };
  return planToJson(
    made,
    JSON.parse(JSON.stringify(verdicts)) as Json,
    program,
    JSON.parse(JSON.stringify(lints)) as Json,
  );
}

/** @throws PlumbError PLB_PLAN_FILE, PLB_PLAN_EDITED */
export async function loadPlanned(path: string): Promise<Planned> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new PlumbError('PLB_PLAN_FILE', `${path} cannot be read as a plan`, {
      hint: 'Give a file that `plumb plan --out` wrote.',
      cause,
    });
  }
  const { plan: made, program, ...rest } = planFromJson(value);
  const told = toldSchema.safeParse(rest);
  if (!told.success) throw planFileError(describeIssues(told.error), told.error);
  const origin = provenanceSchema.nullable().safeParse(program);
  if (!origin.success) throw planFileError(describeIssues(origin.error), origin.error);
  const { verdicts, lints } = told.data;
  const traffic = [...verdicts.allowed, ...verdicts.denied, ...verdicts.changed];
  return { plan: made, traffic: traffic as TrafficLine[], lints: lints as Lint[], program };
}

export async function stateFrom(state: string | undefined, node: string): Promise<State> {
  if (state === undefined || state === 'empty') return emptyState(node);
  try {
    return stateFromText(await readFile(state, 'utf8'), state);
  } catch (error) {
    if (error instanceof PlumbError) throw error;
    throw new PlumbError('PLB_STATE_FILE', `${state} cannot be read`, {
      hint: 'Give a file that `plumb show --json` wrote, or "empty".',
      cause: error,
    });
  }
}

/** A state as its versioned JSON, rows decoded. */
export function stateDocument(state: State): object {
  return stateToJson(state);
}

/** What this kernel can do for plumb. */
export async function probe(where: Where): Promise<readonly Probe[]> {
  const { probeKernel } = await import('./kernel/probe.js');
  return probeKernel(where);
}

/** Native code is loaded only by those who need a kernel: planning against a file needs none. */
async function loadKernel() {
  const [instance, read, run, provenance, surroundings] = await Promise.all([
    import('./kernel/instance.js'),
    import('./kernel/read-state.js'),
    import('./apply/apply.js'),
    import('./apply/provenance.js'),
    import('./kernel/surroundings.js'),
  ]);
  return {
    openInstance: instance.openInstance,
    readState: read.readState,
    apply: run.apply,
    readProvenance: provenance.readProvenance,
    readSurroundings: surroundings.readSurroundings,
  };
}

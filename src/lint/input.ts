import type { NodeSpec, ProgramDocument } from '../model/program.js';
import type { Surroundings } from '../model/surroundings.js';
import type { MapUse } from '../plan/plan.js';
import type { CompiledPolicy } from '../policy/compiled.js';
import type { State } from '../state/state.js';

/** What lints look at. What is absent is not judged. */
export interface LintInput {
  readonly document: ProgramDocument;
  /** The node of it that is planned for. */
  readonly node: NodeSpec;
  readonly policy: CompiledPolicy;
  readonly state?: State;
  /** Use of maps after the plan. */
  readonly maps?: Readonly<Record<string, MapUse>>;
  readonly surroundings?: Surroundings;
  /** Ports that the plan binds in the node's own namespace, and that are not ours yet. */
  readonly newPorts?: readonly number[];
}

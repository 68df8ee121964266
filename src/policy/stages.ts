import type { Classes } from './classes.js';
import type { CompileInput } from './compile.js';
import type { CompiledPolicy, PolicySetInfo } from './compiled.js';
import type { ParsedPolicy, PolicyParser } from './policy-set.js';
import type { Subjects } from './subjects.js';
import type { Version, VersionCompiler } from './version.js';

/** What a compile leaves to the next one. */
export interface Stages {
  readonly input: CompileInput;
  /** How many compiles have handed it on. */
  readonly age: number;
  readonly parser: PolicyParser;
  readonly subjects: Subjects;
  readonly inForce: ReadonlySet<ParsedPolicy>;
  readonly classes: Classes;
  readonly versionCompiler: VersionCompiler;
  readonly versionOf: ReadonlyMap<PolicySetInfo, Version>;
}

/** So often what has accumulated is thrown away. */
const OLDEST = 256;

/** Beside the results, not in them: those are plain values that others compare and make, too. */
const stagesOf = new WeakMap<CompiledPolicy, Stages>();

export function keepStages(compiled: CompiledPolicy, stages: Stages): void {
  stagesOf.set(compiled, stages);
}

/** Undefined where identities, subjects or the node changed: then every stage is another. */
export function reusableStages(earlier: CompiledPolicy, input: CompileInput): Stages | undefined {
  const stages = stagesOf.get(earlier);
  if (stages === undefined || stages.age >= OLDEST) return undefined;
  const { identities, subjects, node } = stages.input;
  const isSame =
    identities === input.identities &&
    subjects === input.subjects &&
    node.enforcement === input.node.enforcement &&
    node.labels === input.node.labels;
  return isSame ? stages : undefined;
}

/** Whether policies make the same terms as those that were in force before, so that classes stay. */
export function hasSameTerms(earlier: Stages, inForce: ReadonlySet<ParsedPolicy>): boolean {
  const { termKeys } = earlier.classes;
  let kept = 0;
  for (const policy of inForce) {
    if (earlier.inForce.has(policy)) kept++;
    else if (!keysOf(policy).every((key) => termKeys.has(key))) return false;
  }
  if (kept === earlier.inForce.size) return true;
  const gone = [...earlier.inForce].filter((policy) => !inForce.has(policy)).flatMap(keysOf);
  const left = new Set([...inForce].flatMap(keysOf));
  return gone.every((key) => left.has(key));
}

function keysOf({ rules }: ParsedPolicy): string[] {
  return rules.flatMap(({ peers = [] }) => peers.map((peer) => peer.key));
}

import type { Identity } from '../model/identity.js';
import type { NodeSpec, PolicySpec } from '../model/program.js';
import { classify, termsOf, type Classes } from './classes.js';
import type { CompiledPolicy, PolicySetInfo, Refs } from './compiled.js';
import { bringsMeaning, type AskedPorts } from './named-ports.js';
import { PolicyParser, type ParsedPolicy } from './policy-set.js';
import { hasSameTerms, keepStages, reusableStages, type Stages } from './stages.js';
import { Subjects } from './subjects.js';
import { VersionCompiler, type Version } from './version.js';

export interface CompileInput {
  readonly policies: readonly PolicySpec[];
  /** Reserved identities and every one of the cluster's that can appear. */
  readonly identities: readonly Identity[];
  /** Identities of this node's endpoints. */
  readonly subjects: readonly number[];
  readonly node: Pick<NodeSpec, 'enforcement' | 'allowLocalhost' | 'labels'>;
}

/**
 * Compiles policies to classes, tables, versions and heads (DESIGN: policy, compiled like git
 * objects). Pure and deterministic; expects policies that were validated. With an earlier result the
 * work is in proportion to what changed: policies, identities and subjects count as unchanged where
 * they are the same objects. The result is the same with and without.
 */
export function compilePolicy(input: CompileInput, earlier?: CompiledPolicy): CompiledPolicy {
  const stages = earlier === undefined ? undefined : reusableStages(earlier, input);
  const { compiled, next } = run(input, stages);
  const isCanonical = !(next.subjects.salted || next.classes.salted || next.versionCompiler.salted);
  // Numbers that met others of an earlier time would differ from those of a compile on its own.
  if (!isCanonical) return stages === undefined ? compiled : compilePolicy(input);
  keepStages(compiled, next);
  return compiled;
}

function run(
  input: CompileInput,
  earlier: Stages | undefined,
): { readonly compiled: CompiledPolicy; readonly next: Stages } {
  const { identities, node } = input;
  const policies = node.enforcement === 'never' ? [] : input.policies;
  const parser = earlier?.parser ?? new PolicyParser(identities);
  const parsed = parser.parse(policies).flat();
  const subjects = earlier?.subjects ?? new Subjects(input.subjects, identities, node);
  const { policySets, sets, inForce } = subjects.policySets(parsed);
  // Only terms of policies in force make classes.
  const same = earlier !== undefined && hasSameTerms(earlier, inForce) ? earlier : undefined;
  const classes = same?.classes ?? classify(identities, termsOf(inForce));
  const versionCompiler =
    same?.versionCompiler ?? new VersionCompiler(classes.identified.classTerms);

  const heads = new Map<number, number>();
  const versions = new Map<number, Refs>();
  const versionOf = new Map<PolicySetInfo, Version>();
  for (const [set, info] of [...sets].sort(([a], [b]) => a - b)) {
    const version = same?.versionOf.get(info) ?? versionCompiler.compile(info);
    versionOf.set(info, version);
    heads.set(set, version.id);
    versions.set(version.id, version.refs);
  }
  const tables = versionCompiler.tablesOf(versionOf.values());
  const compiled: CompiledPolicy = {
    ...classes.identified,
    classOf: classOfNewcomer(classes, inForce, parser),
    policySets,
    heads,
    versions,
    tables,
    allowLocalhost: node.allowLocalhost,
    sets,
    listeners: listenersOf(versionCompiler, versionOf, tables),
    warnings: warningsOf(parsed),
  };
  const next = {
    input,
    age: (earlier?.age ?? 0) + 1,
    parser,
    subjects,
    inForce,
    classes,
    versionCompiler,
    versionOf,
  };
  return { compiled, next };
}

function warningsOf(parsed: readonly ParsedPolicy[]): string[] {
  const all: string[] = [];
  for (const { warnings } of parsed) if (warnings.length > 0) all.push(...warnings);
  return all;
}

function listenersOf(
  { listeners }: VersionCompiler,
  versionOf: ReadonlyMap<PolicySetInfo, Version>,
  tables: CompiledPolicy['tables'],
): CompiledPolicy['listeners'] {
  return listeners.named(
    [...versionOf].map(([info, { refs }]) => ({ info, refs })),
    tables,
  );
}

/** Undefined, too, for one that means something new by the name of a port: there are no rules for that. */
function classOfNewcomer(
  { identified }: Classes,
  inForce: ReadonlySet<ParsedPolicy>,
  parser: PolicyParser,
): CompiledPolicy['classOf'] {
  const asked: AskedPorts[] = [];
  for (const { asks } of inForce) if (asks !== undefined) asked.push(asks);
  if (asked.length === 0) return identified.classOf;
  return (identity) =>
    bringsMeaning(identity, asked, parser.names) ? undefined : identified.classOf(identity);
}

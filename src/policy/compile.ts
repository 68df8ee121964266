import type { Identity } from '../model/identity.js';
import type { NodeSpec, PolicySpec } from '../model/program.js';
import { classify, termsOf } from './classes.js';
import type { CompiledPolicy, Refs } from './compiled.js';
import { parsePolicy, type ParsedPolicy } from './policy-set.js';
import { policySetsOf } from './subjects.js';
import type { TableEntry } from './table.js';
import { VersionCompiler } from './version.js';

export interface CompileInput {
  readonly policies: readonly PolicySpec[];
  /** Reserved identities and every one of the cluster's that can appear. */
  readonly identities: readonly Identity[];
  /** Identities of this node's endpoints. */
  readonly subjects: readonly number[];
  readonly node: Pick<NodeSpec, 'enforcement' | 'allowLocalhost'>;
}

/**
 * Compiles policies to classes, tables, versions and heads (DESIGN: policy, compiled like git
 * objects). Pure and deterministic; expects policies that were validated.
 */
export function compilePolicy(input: CompileInput): CompiledPolicy {
  const { identities, subjects, node } = input;
  const parsed = node.enforcement === 'never' ? [] : input.policies.map(parsePolicy);
  const { policySets, sets, inForce } = policySetsOf(
    parsed,
    subjects,
    identities,
    node.enforcement,
  );
  // Only terms of policies in force make classes.
  const classes = classify(identities, termsOf(inForce));

  const versionCompiler = new VersionCompiler(classes.classTerms);
  const heads = new Map<number, number>();
  const versions = new Map<number, Refs>();
  for (const [set, info] of [...sets].sort(([a], [b]) => a - b)) {
    const { id, refs } = versionCompiler.compile(info);
    heads.set(set, id);
    versions.set(id, refs);
  }
  const tables: ReadonlyMap<number, readonly TableEntry[]> = versionCompiler.tables;
  return {
    ...classes,
    policySets,
    heads,
    versions,
    tables,
    allowLocalhost: node.allowLocalhost,
    sets,
    warnings: parsed.flatMap(warningsOf),
  };
}

function warningsOf({ name, spec }: ParsedPolicy): string[] {
  const lists = ['ingress', 'egress', 'ingressDeny', 'egressDeny'] as const;
  return lists
    .filter((list) => spec[list]?.length === 0)
    .map((list) => `policy ${name}: an empty list of ${list} rules has no effect; leave it out`);
}

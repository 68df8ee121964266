import { z } from 'zod';
import type { Identity } from '../model/identity.js';
import type { NodeSpec, ProgramDocument } from '../model/program.js';
import { auditsOf } from '../policy/audits.js';
import { compilePolicy, type CompileInput } from '../policy/compile.js';
import type { CompiledPolicy } from '../policy/compiled.js';
import { fqdnSelectors } from '../policy/fqdn.js';
import { possibleNames } from '../policy/name-classes.js';
import { allocateIdentities, type Allocation, type IdentityLock } from '../synth/identities.js';
import { withNodes } from '../synth/node-identities.js';

/**
 * What was applied, so that events and verdicts can be told in the words of the program. A side file,
 * rewritten on apply; nothing but explanations depends on it.
 */
export interface Provenance {
  readonly version: 1;
  readonly node: string;
  readonly document: ProgramDocument;
  readonly lock: IdentityLock;
}

/** A program on one of its nodes, with numbers and policy. */
export interface Compiled {
  readonly document: ProgramDocument;
  readonly node: NodeSpec;
  readonly allocation: Allocation;
  readonly policy: CompiledPolicy;
}

/** Compiles for one node; expects a document and policies that were validated. */
export function compileFor(
  document: ProgramDocument,
  node: NodeSpec,
  allocation: Allocation,
): Compiled {
  return compileWith({ document, node, allocation }, []);
}

/** Compiles as if there were endpoints of further identities, too, on this node and elsewhere. */
export function compileWith(
  { document, node, allocation }: Omit<Compiled, 'policy'>,
  more: readonly Identity[],
): Compiled {
  const local = document.endpoints.filter((endpoint) => endpoint.node === node.name);
  const input = {
    policies: document.policies,
    identities: [...withNodes(allocation.identities, document.nodes, node), ...more],
    subjects: [
      ...local.map((endpoint) => allocation.idOf(endpoint.labels)),
      ...more.map(({ id }) => id),
    ],
    node,
  };
  const audits = auditsOf(
    local.flatMap(({ labels, addresses, audit }) =>
      addresses.map((address) => ({
        identity: allocation.idOf(labels),
        address,
        isAudited: audit === true || node.audit === true,
      })),
    ),
  );
  const policy = { ...withNames(input, compilePolicy(input)), audits };
  return { document, node, allocation, policy };
}

/** Compiled again with those who may come to be behind names that policies ask for. */
function withNames(input: CompileInput, plain: CompiledPolicy): CompiledPolicy {
  const selectors = fqdnSelectors(input.policies);
  if (selectors.length === 0) return plain;
  const possible = possibleNames(selectors, plain.prefixes);
  return compilePolicy({ ...input, identities: [...input.identities, ...possible] });
}

/** Of the side file, and of what a plan file says of its program. */
export const provenanceSchema = z.looseObject({
  version: z.literal(1),
  node: z.string(),
  document: z.looseObject({ version: z.literal(1) }),
  lock: z.looseObject({ version: z.literal(1) }),
});

/** Undefined when there is none, or it is of another version: then there is less to explain with. */
export function readCompiled(text: string | undefined): Compiled | undefined {
  if (text === undefined) return undefined;
  try {
    const {
      document,
      lock,
      node: name,
    } = provenanceSchema.parse(JSON.parse(text)) as unknown as Provenance;
    const node = document.nodes.find((spec) => spec.name === name);
    if (node === undefined) return undefined;
    return compileFor(document, node, allocateIdentities(document.endpoints, lock));
  } catch {
    return undefined;
  }
}

export function toProvenance({ document, node, allocation }: Compiled): Provenance {
  return { version: 1, node: node.name, document, lock: allocation.lock };
}

/** Labels of every identity that the program or its prefixes have. */
export function labelsById({
  policy,
}: Pick<Compiled, 'policy'>): ReadonlyMap<number, Identity['labels']> {
  const known = labelsOf.get(policy);
  if (known !== undefined) return known;
  const labels = new Map(policy.identities.map(({ id, labels }) => [id, labels]));
  labelsOf.set(policy, labels);
  return labels;
}

const labelsOf = new WeakMap<CompiledPolicy, ReadonlyMap<number, Identity['labels']>>();

import { hostname } from 'node:os';
import { PlumbError, throwAll } from '../model/error.js';
import { ignoreOf, isPardonable } from '../model/lint.js';
import type { NodeSpec, ProgramDocument } from '../model/program.js';
import { validatePolicies } from '../policy/validate.js';
import { allocateIdentities, type IdentityLock } from '../synth/identities.js';
import { compileFor, type Compiled } from './provenance.js';

export interface CompiledProgram {
  readonly compiled: Compiled;
  /** What the program says is meant that would be an error otherwise. */
  readonly pardoned: readonly PlumbError[];
}

/**
 * A document compiled for the node asked for, the only one, or the one named like this host.
 * @throws PlumbError or PlumbErrors, whatever is wrong with its policies, or PLB_NO_NODE
 */
export function compileProgram(
  document: ProgramDocument,
  options: { readonly node?: string | undefined; readonly lock?: IdentityLock } = {},
): CompiledProgram {
  const allocation = allocateIdentities(document.endpoints, options.lock);
  const problems = validatePolicies(document.policies, allocation.identities, document.nodes);
  const { lintIgnores = [] } = document;
  const isPardoned = ({ code, origin }: PlumbError): boolean =>
    isPardonable(code) && ignoreOf(lintIgnores, code, origin?.path ?? '') !== undefined;
  throwAll(problems.filter((problem) => !isPardoned(problem)));
  const compiled = compileFor(document, chooseNode(document, options.node), allocation);
  return { compiled, pardoned: problems.filter(isPardoned) };
}

/** As a warning that stands alone: with its place in front. */
export function warningOf({ message, origin }: PlumbError): string {
  const { file, line } = origin ?? {};
  return file === undefined ? message : `${file}:${String(line)}: ${message}`;
}

function chooseNode({ nodes }: ProgramDocument, wanted: string | undefined): NodeSpec {
  const [only] = nodes;
  if (only === undefined) {
    throw new PlumbError('PLB_NO_NODE', 'the program has no node', {
      hint: "Add one: new Node(app, 'name', { podCIDRs: ['10.1.0.0/24'] }).",
    });
  }
  const name = wanted ?? (nodes.length === 1 ? only.name : hostname());
  const node = nodes.find((spec) => spec.name === name);
  if (node !== undefined) return node;
  throw new PlumbError('PLB_NO_NODE', `the program has no node ${name}`, {
    hint: `Choose one with --node: ${nodes.map((spec) => spec.name).join(', ')}.`,
  });
}

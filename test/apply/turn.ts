import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { NodeSpec, ProgramDocument } from '../../src/model/program.js';
import { compileFor, toProvenance, type Compiled } from '../../src/engine/provenance.js';
import { keptText } from '../../src/engine/rollback.js';
import { apply } from '../../src/apply/apply.js';
import type { Instance } from '../../src/kernel/instance.js';
import { readState } from '../../src/kernel/read-state.js';
import { plan } from '../../src/plan/make-plan.js';
import type { Plan } from '../../src/plan/plan.js';
import { emptyState } from '../../src/state/canonical.js';
import type { Json } from '../../src/state/canonical-json.js';
import type { State } from '../../src/state/state.js';
import { allocateIdentities, EMPTY_LOCK, type IdentityLock } from '../../src/synth/identities.js';
import { synth } from '../../src/synth/synth.js';
import { OBJECT } from '../bpf/datapath.js';
import { changingProgram } from './changing-program.js';

type ProgramOf = (turn: number) => ProgramDocument;

/** Numbers of all identities that any turn has: they do not depend on which turns came before. */
function numbered(programOf: ProgramOf): IdentityLock {
  const all = Array.from({ length: 12 }, (_, turn) => programOf(turn).endpoints);
  return allocateIdentities(all.flat(), EMPTY_LOCK).lock;
}

type RedirectMode = NonNullable<NodeSpec['redirectMode']>;

/** So many turns of the changing program; one that filters HTTP by a mode; or nothing at all. */
export type Turn = number | RedirectMode | 'none';

/** What the changing program means after so many turns; of none: nothing. */
export function stateOfTurn(node: string, turn: Turn): State {
  if (turn === 'none') return emptyState(node);
  return stateOf(compiledTurn(node, turn), OBJECT);
}

/** What is written beside it; of none: nothing. */
export function provenanceOfTurn(node: string, turn: Turn): Json | undefined {
  if (turn === 'none') return undefined;
  return JSON.parse(JSON.stringify(toProvenance(compiledTurn(node, turn)))) as Json;
}

function compiledTurn(node: string, turn: Exclude<Turn, 'none'>): Compiled {
  const document = typeof turn === 'number' ? changingProgram(node, turn) : filtered(node, turn);
  return compiledOf(document, (one) => changingProgram(node, one));
}

/** A document for its first node, with the numbers of all turns. */
function compiledOf(document: ProgramDocument, programOf: ProgramOf): Compiled {
  const [spec] = document.nodes;
  if (spec === undefined) throw new Error('there is no node');
  return compileFor(document, spec, allocateIdentities(document.endpoints, numbered(programOf)));
}

function stateOf({ document, node, allocation, policy }: Compiled, object: string): State {
  const hash = createHash('sha256').update(readFileSync(object)).digest('hex').slice(0, 16);
  return synth({ document, node, allocation, compiled: policy, datapath: { hash } });
}

/** Filters a port besides, and translates what leaves for the world. */
function filtered(node: string, redirectMode: RedirectMode): ProgramDocument {
  const document = changingProgram(node, 0);
  const ports = [{ port: 9090, protocol: 'TCP' as const }];
  const policy = {
    origin: { path: 'filtered' },
    name: 'filtered',
    endpointSelector: { matchLabels: { app: 'server' } },
    ingress: [{ toPorts: [{ ports, rules: { http: [{ path: '/x' }] } }] }],
  };
  return {
    ...document,
    nodes: document.nodes.map((one) => ({ ...one, redirectMode, masquerade: true })),
    policies: [...document.policies, policy],
  };
}

export async function planTurn(node: string, instance: Instance, turn: Turn): Promise<Plan> {
  return plan(stateOfTurn(node, turn), await readState(instance, { node }));
}

/** As `plumb apply` does it, with the files beside the kernel. */
export async function turnTo(node: string, instance: Instance, turn: Turn): Promise<State> {
  const program = provenanceOfTurn(node, turn);
  return apply(await planTurn(node, instance, turn), instance, {
    previous: keptText,
    ...(program === undefined ? {} : { provenance: JSON.stringify(program) }),
  });
}

/** Makes a node what a turn of another program says, by an object file that may be another one each time. */
export async function turnBy(
  instance: Instance,
  programOf: ProgramOf,
  turn: number,
  objectPath: string,
): Promise<State> {
  const desired = stateOf(compiledOf(programOf(turn), programOf), objectPath);
  const actual = await readState(instance, { node: desired.node, objectPath });
  return apply(plan(desired, actual), instance, { objectPath });
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { NodeSpec, ProgramDocument } from '../../src/model/program.js';
import { apply } from '../../src/apply/apply.js';
import type { Instance } from '../../src/kernel/instance.js';
import { readState } from '../../src/kernel/read-state.js';
import { plan } from '../../src/plan/make-plan.js';
import type { Plan } from '../../src/plan/plan.js';
import { compilePolicy } from '../../src/policy/compile.js';
import { emptyState } from '../../src/state/canonical.js';
import type { State } from '../../src/state/state.js';
import { allocateIdentities, EMPTY_LOCK, type IdentityLock } from '../../src/synth/identities.js';
import { synth } from '../../src/synth/synth.js';
import { OBJECT } from '../bpf/datapath.js';
import { changingProgram } from './changing-program.js';

/** Numbers of all identities that any turn has: they do not depend on which turns came before. */
function numbered(node: string): IdentityLock {
  const all = Array.from({ length: 12 }, (_, turn) => changingProgram(node, turn).endpoints);
  return allocateIdentities(all.flat(), EMPTY_LOCK).lock;
}

type RedirectMode = NonNullable<NodeSpec['redirectMode']>;

/** So many turns of the changing program; one that filters HTTP by a mode; or nothing at all. */
export type Turn = number | RedirectMode | 'none';

/** What the changing program means after so many turns; of none: nothing. */
export function stateOfTurn(node: string, turn: Turn): State {
  if (turn === 'none') return emptyState(node);
  const document = typeof turn === 'number' ? changingProgram(node, turn) : filtered(node, turn);
  const [spec] = document.nodes;
  if (spec === undefined) throw new Error('there is no node');
  const allocation = allocateIdentities(document.endpoints, numbered(node));
  const compiled = compilePolicy({
    policies: document.policies,
    identities: allocation.identities,
    subjects: document.endpoints.map(({ labels }) => allocation.idOf(labels)),
    node: spec,
  });
  const hash = createHash('sha256').update(readFileSync(OBJECT)).digest('hex').slice(0, 16);
  return synth({ document, node: spec, allocation, compiled, datapath: { hash } });
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

export async function turnTo(node: string, instance: Instance, turn: Turn): Promise<State> {
  return apply(await planTurn(node, instance, turn), instance);
}

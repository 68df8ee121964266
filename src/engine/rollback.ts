import { createHash } from 'node:crypto';
import type { Planned, Where } from '../engine.js';
import { PlumbError } from '../model/error.js';
import { rollbackPlan } from '../plan/rollback.js';
import type { Json } from '../state/canonical-json.js';
import { hex8, rowsOf } from '../state/columns.js';
import { HEADS, PREVIOUS_HEADS } from '../state/kinds/bpf-entries.js';
import type { MapName } from '../state/layout.js';
import { numbers } from '../state/numbers.js';
import { entriesByKey } from '../state/previous.js';
import type { EntriesResource, State } from '../state/state.js';
import { policyView } from '../synth/policy-view.js';
import { readCompiled, type Provenance } from './provenance.js';
import { trafficLines } from './traffic.js';

/** What the policy before belonged to; written when an apply that changed the policy is done. */
interface Kept {
  readonly version: 1;
  /** {@link policyDigest} of the state right after that apply. */
  readonly policy: string;
  readonly program: Json;
}

/**
 * The file beside the provenance that vouches for the policy kept in `after`; undefined when `program`,
 * the provenance before, is nothing that anybody can read.
 */
export function keptText(after: State, program: string): string | undefined {
  const before = parse(program);
  if (before === undefined) return undefined;
  const kept: Kept = {
    version: 1,
    policy: policyDigest(after),
    program: before,
  };
  return JSON.stringify(kept);
}

/**
 * Back to the policy before the current one, by one write. Endpoints, addresses and devices stay.
 * @throws PlumbError PLB_NO_PREVIOUS
 */
export async function planRollback(where: Where): Promise<Planned> {
  const [{ openInstance }, { readState }, { readProvenance, readPrevious }] = await Promise.all([
    import('../kernel/instance.js'),
    import('../kernel/read-state.js'),
    import('../apply/provenance.js'),
  ]);
  const instance = openInstance(where);
  const [actual, now, kept] = await Promise.all([
    readState(instance),
    readProvenance(instance),
    readPrevious(instance),
  ]);
  return rollbackTo(actual, now, kept);
}

/** As {@link planRollback}, from what was read. */
export function rollbackTo(
  actual: State,
  now: string | undefined,
  kept: string | undefined,
): Planned {
  const plan = rollbackPlan(actual);
  const lack = whatIsMissing(actual);
  if (lack !== undefined) throw refusal(lack);
  const before = parse(kept) as Kept | undefined;
  const applied = parse(now) as Provenance | undefined;
  if (before === undefined || applied === undefined) throw refusal('nothing says what it was');
  // Rows in the idle buffer may be what an apply had staged when it was killed.
  if (before.policy !== policyDigest(actual)) {
    throw refusal('the policy maps are not what the last apply left');
  }
  const program = withPolicies(applied, before.program as unknown as Provenance);
  const after = readCompiled(JSON.stringify(program));
  if (after === undefined) throw refusal('its program cannot be read');
  return {
    plan,
    traffic: trafficLines(policyView(actual), readCompiled(now), after),
    program: JSON.parse(JSON.stringify(program)) as Json,
  };
}

/** What makes the policy kept for undo unfit to judge packets; undefined when nothing does. */
export function whatIsMissing(state: State): string | undefined {
  const byKey = entriesByKey(state);
  const heads = byKey.get(PREVIOUS_HEADS);
  const current = byKey.get(HEADS);
  if (heads === undefined || current === undefined) return 'there are no heads';
  const sets = new Set(numbers(heads, 'key', 'policySet'));
  const endpoints = byKey.get('plumb_endpoints');
  const used = endpoints === undefined ? [] : rowsOf('plumb_endpoints', endpoints.columns);
  for (const { value } of used) {
    const set = Number(value['policySet']);
    if (set !== 0 && !sets.has(set)) return `it has no policy set ${hex8(set)}`;
  }
  for (const version of numbers(heads, 'value', 'version')) {
    const refs = byKey.get(`plumb_refs/${hex8(version)}`);
    if (refs === undefined) return `version ${hex8(version)} is not there`;
    for (const table of numbers(refs, 'value', 'table')) {
      if (table !== 0 && !byKey.has(`plumb_tables/${hex8(table)}`)) {
        return `table ${hex8(table)} is not there`;
      }
    }
  }
  return undefined;
}

const POLICY_MAPS: readonly MapName[] = [
  ...(['plumb_classes', 'plumb_heads', 'plumb_refs', 'plumb_tables'] as const),
];

/** SHA-256 (hex) of the rows that verdicts are made of, those of both policies. */
export function policyDigest(state: State): string {
  const hash = createHash('sha256');
  const own = state.resources
    .filter((r): r is EntriesResource => r.kind === 'bpf-entries' && POLICY_MAPS.includes(r.map))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const { key, columns } of own) {
    hash
      .update(`${key} ${String(columns.count)}\n`)
      .update(columns.keys)
      .update(columns.values);
  }
  return hash.digest('hex');
}

/** The rules of one program on the nodes and endpoints of the other: a rollback moves only the policy. */
function withPolicies(now: Provenance, before: Provenance): Provenance {
  const nodes = now.document.nodes.map((node) => {
    const old = before.document.nodes.find(({ name }) => name === node.name);
    return old === undefined ? node : { ...node, enforcement: old.enforcement };
  });
  return { ...now, document: { ...now.document, nodes, policies: before.document.policies } };
}

function parse(text: string | undefined): { readonly version: 1 } | undefined {
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as { readonly version: 1 } | null;
    return value?.version === 1 ? value : undefined;
  } catch {
    return undefined;
  }
}

function refusal(reason: string): PlumbError {
  return new PlumbError('PLB_NO_PREVIOUS', `no policy can be gone back to: ${reason}`, {
    hint: 'Change the program back, and apply it.',
  });
}

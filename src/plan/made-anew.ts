import type { Origin } from '../model/error.js';
import { layoutOf } from '../state/struct.js';
import type { PlainResource, Resource, State } from '../state/state.js';
import { compareAttributes } from './differences.js';
import { rankOf, type Draft } from './order.js';

export interface MadeAnew {
  /** The actual state as the rest of the plan must see it. */
  readonly rest: State;
  readonly drafts: readonly Draft[];
}

type BpfMap = PlainResource<'bpf-map'>;
type Program = PlainResource<'bpf-program'>;

const NONE: ReadonlySet<string> = new Set();
/** After the commit of the new maps: this is the write that the packets see. */
const RANK_SWAP = 3;

/**
 * A map whose shape differs, or whose pin is gone, is made anew, and with it every map that holds rows:
 * the loaded programs judge by the old ones, undisturbed, until the rows of the new ones are complete
 * and the programs are loaded again. No map is made anew while no program is there.
 */
export function madeAnew(desired: State, actual: State, fallback: Origin): MadeAnew {
  const programs = actual.resources.filter(isProgram);
  const wanted = new Map(desired.resources.filter(isMap).map((map) => [map.key, map]));
  const present = new Map(actual.resources.filter(isMap).map((map) => [map.key, map]));
  const whys = new Map<string, string>();
  for (const [key, map] of wanted) {
    const now = present.get(key);
    if (now === undefined) whys.set(key, 'not in the kernel');
    else {
      const { change, differs } = compareAttributes('bpf-map', now.attributes, map.attributes);
      if (change !== 'same') whys.set(key, `differs: ${differs.join(', ')}`);
    }
  }
  if (programs.length === 0 || whys.size === 0) return { rest: actual, drafts: [] };
  const cause = [...whys.keys()].find((key) => !isDynamic(key));
  if (cause !== undefined) {
    for (const key of wanted.keys()) {
      if (!whys.has(key) && !isDynamic(key)) whys.set(key, `made anew together with ${cause}`);
    }
  }

  const maps = [...whys].flatMap(([key, why]): Draft[] => {
    const after = wanted.get(key);
    if (after === undefined) return [];
    const before = present.get(key) ?? null;
    const action = before === null ? 'create' : 'replace';
    const what = { phase: 'stage', action, kind: 'bpf-map', key } as const;
    const step = { ...what, before, after, origin: after.origin ?? fallback, why };
    return [{ step, rank: rankOf(after, NONE) }];
  });
  const loaded = new Map(programs.map((program) => [program.key, program]));
  const swaps = desired.resources.filter(isProgram).flatMap((after): Draft[] => {
    const before = loaded.get(after.key);
    if (before === undefined) return [];
    const what = {
      phase: 'commit',
      action: 'update',
      kind: 'bpf-program',
      key: after.key,
    } as const;
    const origin = after.origin ?? fallback;
    const why = `its maps are made anew: ${[...whys.keys()].sort().join(', ')}`;
    return [{ step: { ...what, before, after, origin, why }, rank: RANK_SWAP }];
  });
  return {
    rest: { ...actual, resources: withNew(actual, desired, whys) },
    drafts: [...maps, ...swaps],
  };
}

/** The actual resources with what the drafts make already as desired, and no rows in the new maps. */
function withNew(actual: State, desired: State, anew: ReadonlyMap<string, string>): Resource[] {
  const made = desired.resources.filter(
    (r) => (isMap(r) && anew.has(r.key)) || (isProgram(r) && has(actual, r)),
  );
  const names = new Set(made.map(({ kind, key }) => `${kind} ${key}`));
  const rest = actual.resources.filter((resource) =>
    resource.kind === 'bpf-entries'
      ? !anew.has(resource.map)
      : !names.has(`${resource.kind} ${resource.key}`),
  );
  return [...rest, ...made];
}

function has(state: State, { kind, key }: Resource): boolean {
  return state.resources.some((resource) => resource.kind === kind && resource.key === key);
}

function isDynamic(key: string): boolean {
  const map = key as BpfMap['attributes']['name'];
  return layoutOf(map).dynamic === true;
}

function isMap(resource: Resource): resource is BpfMap {
  return resource.kind === 'bpf-map';
}

function isProgram(resource: Resource): resource is Program {
  return resource.kind === 'bpf-program';
}

import type { Origin } from '../model/error.js';
import { indexOf, widthsOf } from '../state/columns.js';
import { sides } from '../state/difference.js';
import type { Columns, EntriesResource } from '../state/state.js';
import { describeRows } from './describe.js';
import type { Action, Phase, Step } from './plan.js';

export interface RowChange {
  readonly phase: Phase;
  /** Key of the step; that of the resource unless it says which buffer of heads is meant. */
  readonly key: string;
  /** The resource that the rows belong to: where origins and the label come from. */
  readonly resource: EntriesResource;
  readonly before: Columns;
  readonly after: Columns;
  readonly why?: string;
  /** What the step is to a reader, where the rows alone do not say. */
  readonly action?: Action;
  readonly label?: string;
}

/** The step that turns the rows `before` into `after`; undefined when they are the same. */
export function rowStep(change: RowChange, fallback: Origin): Step | undefined {
  const { phase, key, resource } = change;
  const rows = sides(change.before, change.after, widthsOf(resource.map));
  if (rows.before.count === 0 && rows.after.count === 0) return undefined;
  const before = part(resource, rows.before);
  const after = part(resource, rows.after);
  const action =
    change.action ?? (before === null ? 'create' : after === null ? 'delete' : 'update');
  const label = change.label ?? resource.label ?? describeRows(after ?? before);
  return {
    phase,
    action,
    kind: 'bpf-entries',
    key,
    before,
    after,
    origin: after === null ? fallback : (originOf(after) ?? fallback),
    why: change.why ?? reason(action, rows.before.count, rows.after.count),
    ...(label === undefined ? {} : { label }),
  };
}

function reason(action: Action, before: number, after: number): string {
  if (action === 'create') return 'not in the kernel';
  if (action === 'delete') return 'not in the program';
  return `differs: ${Math.max(before, after)} ${Math.max(before, after) === 1 ? 'row' : 'rows'}`;
}

function part(resource: EntriesResource, columns: Columns): EntriesResource | null {
  if (columns.count === 0) return null;
  const { rowOrigins, ...rest } = resource;
  const { key } = widthsOf(resource.map);
  const origins =
    rowOrigins === undefined
      ? []
      : Array.from({ length: columns.count }, (_, i) => {
          const at = indexOf(resource.columns, columns.keys.subarray(i * key, (i + 1) * key));
          return at < 0 ? undefined : rowOrigins[at];
        });
  const origined = origins.some((origin) => origin !== undefined);
  return { ...rest, columns, ...(origined ? { rowOrigins: origins } : {}) };
}

/** The one origin of all rows, else that of the resource. */
function originOf({ origin, rowOrigins }: EntriesResource): Origin | undefined {
  const [first] = rowOrigins ?? [];
  if (first === undefined) return origin;
  const one = rowOrigins?.every((o) => o?.path === first.path && o.line === first.line);
  return one === true ? first : (origin ?? first);
}

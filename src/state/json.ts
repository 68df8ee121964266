import { PlumbError, type Origin } from '../model/error.js';
import { normalizeState } from './canonical.js';
import { prettyJson } from './canonical-json.js';
import { rowAt } from './columns.js';
import { kindOf } from './kinds.js';
import { entries, parseEntriesKey } from './kinds/bpf-entries.js';
import type { PlainKindName } from './kind.js';
import { fromReadable, toReadable } from './readable.js';
import {
  describeIssues,
  stateSchema,
  type EntriesDocument,
  type ResourceDocument,
  type StateDocument,
} from './schema.js';
import type { Attributes, EntriesResource, PlainResource, Resource, State } from './state.js';
import { layoutOf } from './struct.js';

/** A state as plain JSON: normal, sorted, rows decoded into fields. */
export function stateToJson(state: State): StateDocument {
  const { version, node, resources, previous } = normalizeState(state);
  return {
    version,
    node,
    resources: resources.map(resourceToJson),
    ...(previous === undefined ? {} : { previous: [...previous] }),
  };
}

/** Text of a state file: equal states give equal bytes. */
export function stateToText(state: State): string {
  return `${prettyJson(stateToJson(state))}\n`;
}

/**
 * A state from the text of a state file.
 * @throws PlumbError PLB_STATE_FILE when it is no JSON, has another version or shape, an unknown
 * member, a field that does not fit, or a key that its attributes do not have.
 */
export function stateFromText(text: string, file = 'state file'): State {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw stateFileError(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
  return stateFromJson(value, file);
}

/** As {@link stateFromText}, from parsed JSON. @throws PlumbError PLB_STATE_FILE */
export function stateFromJson(value: unknown, file = 'state file'): State {
  const parsed = stateSchema.safeParse(value);
  if (!parsed.success) throw stateFileError(file, describeIssues(parsed.error), parsed.error);
  const { node, resources, previous } = parsed.data;
  try {
    return normalizeState({
      version: 1,
      node,
      resources: resources.map(resourceFromJson),
      ...(previous === undefined ? {} : { previous }),
    });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw stateFileError(file, cause.message, cause);
  }
}

export function resourceToJson(resource: Resource): ResourceDocument {
  if (resource.kind === 'bpf-entries') return entriesToJson(resource);
  const { kind, key, attributes, origin, notes } = resource;
  const rest = { ...(origin ? { origin } : {}), ...(notes ? { notes } : {}) };
  // What the schema has as JSON is JSON that may only be read here.
  return { kind, key, attributes, ...rest } as ResourceDocument;
}

/** @throws RangeError when a field does not fit or the key is not that of the attributes. */
export function resourceFromJson(document: ResourceDocument): Resource {
  if (document.kind === 'bpf-entries') return entriesFromJson(document);
  const { kind, key, origin, notes } = document;
  // The schema has checked the attributes of this kind; TypeScript cannot follow the two together.
  const attributes = document.attributes as Attributes[typeof kind];
  const made = plainResource(kind, attributes, key, origin) as Resource;
  return notes === undefined ? made : ({ ...made, notes } as Resource);
}

function plainResource<K extends PlainKindName>(
  kind: K,
  given: Attributes[K],
  key: string,
  origin: ResourceDocument['origin'],
): PlainResource<K> {
  const { keyOf, normalize } = kindOf(kind);
  const attributes = normalize(given);
  if (keyOf(attributes) !== key) {
    throw new RangeError(`${kind} ${key}: its attributes are those of ${keyOf(attributes)}`);
  }
  return { kind, key, attributes, ...(origin ? { origin: origin as Origin } : {}) };
}

function entriesToJson(resource: EntriesResource): EntriesDocument {
  const { kind, key, map, columns, label, origin, rowOrigins } = resource;
  const rows = Array.from({ length: columns.count }, (_, i) => {
    const row = rowAt(map, columns, i);
    const from = rowOrigins?.[i];
    return {
      key: toReadable(map, 'key', row.key),
      value: toReadable(map, 'value', row.value),
      ...(from === undefined ? {} : { origin: from }),
    };
  });
  return {
    kind,
    key,
    map,
    ...(label === undefined ? {} : { label }),
    ...(origin === undefined ? {} : { origin }),
    rows,
  };
}

function entriesFromJson(document: EntriesDocument): EntriesResource {
  const { key, rows, label, origin } = document;
  const named = parseEntriesKey(key);
  if (named === undefined || named.map !== document.map) {
    throw new RangeError(`bpf-entries ${key} are not entries of ${document.map}`);
  }
  const made = entries(
    named.map,
    rows.map((row) => ({
      key: fromReadable(row.key),
      value: fromReadable(row.value),
      ...(row.origin === undefined ? {} : { origin: row.origin as Origin }),
    })),
    { ...(label === undefined ? {} : { label }), ...(origin ? { origin: origin as Origin } : {}) },
  );
  checkGroup(key, named.group, made);
  return { ...made, key };
}

function checkGroup(
  key: string,
  group: number | undefined,
  { map, columns }: EntriesResource,
): void {
  if (group === undefined) return;
  const name = layoutOf(map).groupBy ?? '';
  for (let i = 0; i < columns.count; i++) {
    const at = rowAt(map, columns, i).key[name];
    if (at !== group) throw new RangeError(`${key} holds a row of another ${name}`);
  }
}

function stateFileError(file: string, detail: string, cause: unknown): PlumbError {
  return new PlumbError('PLB_STATE_FILE', `${file} holds no state that this plumb can read`, {
    detail,
    hint: 'Write it again with `plumb show --json` or `plumb synth --json`.',
    cause,
  });
}

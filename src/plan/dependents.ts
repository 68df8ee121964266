import type { Origin } from '../model/error.js';
import { select, widthsOf, EMPTY } from '../state/columns.js';
import { decodeKey, decodeValue } from '../state/codec.js';
import { place } from '../state/kind.js';
import type { EntriesResource, Resource, State } from '../state/state.js';
import { rankOf, type Draft } from './order.js';
import { isPlain, type Plain } from './plain-steps.js';
import { rowStep } from './row-step.js';

export interface TakenDown {
  /** The actual state as it is once the steps are done. */
  readonly rest: State;
  readonly drafts: readonly Draft[];
}

/**
 * What stands on a link that is replaced goes with it, and its rows name an ifindex that will not be
 * any more: taken down first, to be made again after it.
 */
export function takeDown(
  actual: State,
  links: readonly Plain[],
  nodeLinks: ReadonlySet<string>,
  fallback: Origin,
): TakenDown {
  const drafts: Draft[] = [];
  let resources = actual.resources;
  for (const link of links) {
    if (link.kind !== 'link') continue;
    const { name, peer } = link.attributes;
    const ends = new Set([name, ...(peer === undefined ? [] : [place(peer.netns, peer.name)])]);
    const before = rankOf(link, nodeLinks);
    const why = `link ${name} is replaced`;
    resources = resources.flatMap((resource): Resource[] => {
      const rank = before - rankOf(resource, nodeLinks) / 100;
      if (isPlain(resource)) {
        if (!standsOn(resource, ends)) return [resource];
        const { kind, key } = resource;
        const step = { phase: 'stage', action: 'delete', kind, key } as const;
        const rest = { before: resource, after: null, origin: fallback, why };
        drafts.push({ rank, step: { ...step, ...rest } });
        return [];
      }
      const kept = withoutDevice(resource, name);
      if (kept === undefined) return [resource];
      const change = { phase: 'stage', key: resource.key, resource, why } as const;
      const step = rowStep({ ...change, before: resource.columns, after: kept.columns }, fallback);
      if (step !== undefined) drafts.push({ rank, step });
      return kept.columns.count === 0 ? [] : [kept];
    });
  }
  return { rest: { ...actual, resources }, drafts };
}

function standsOn(resource: Plain, ends: ReadonlySet<string>): boolean {
  if (resource.kind === 'bpf-link') {
    return resource.attributes.attach === 'tcx' && ends.has(resource.attributes.device);
  }
  if (resource.kind !== 'address' && resource.kind !== 'neighbor' && resource.kind !== 'route') {
    return false;
  }
  return ends.has(place(resource.attributes.netns, resource.attributes.device));
}

/** The rows that do not name the device; undefined when none does. */
function withoutDevice(resource: EntriesResource, device: string): EntriesResource | undefined {
  const { map, columns } = resource;
  if (map !== 'plumb_devices' && map !== 'plumb_endpoints') return undefined;
  const widths = widthsOf(map);
  const kept: number[] = [];
  for (let i = 0; i < columns.count; i++) {
    const fields =
      map === 'plumb_devices'
        ? decodeKey(map, columns.keys, i * widths.key)
        : decodeValue(map, columns.values, i * widths.value);
    if (fields['device'] !== device) kept.push(i);
  }
  if (kept.length === columns.count) return undefined;
  const { kind, key } = resource;
  return { kind, key, map, columns: kept.length === 0 ? EMPTY : select(columns, widths, kept) };
}

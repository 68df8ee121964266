import type { Step } from '../plan/plan.js';
import type { EntriesResource, KindName, PlainResource, Resource } from '../state/state.js';
import { createAddress, deleteAddress } from './address.js';
import { deleteBpfLink, writeLink } from './bpf-link.js';
import { createMap, deleteMap } from './bpf-map.js';
import { deleteProgram, writeProgram } from './bpf-program.js';
import { commitEpoch, entriesStep, writeEntries } from './entries-write.js';
import { createLink, deleteLink, updateLink } from './link-write.js';
import { deleteNeighbor, writeNeighbor } from './neighbor.js';
import { createNetns, deleteNetns } from './netns.js';
import { deleteNftTable, writeNftTable } from './nft-table.js';
import { deleteProxy, writeProxy } from './proxy.js';
import { createRoute, deleteRoute } from './route.js';
import { createRule, deleteRule } from './rule.js';
import { leaveSysctl, writeSysctl } from './sysctl.js';
import type { WriteContext } from './write-context.js';

type PlainKind = Exclude<KindName, 'bpf-entries'>;

/** Makes what `after` says out of what `before` says; null is absence. Each call may be repeated. */
type Write<K extends PlainKind> = (
  context: WriteContext,
  before: PlainResource<K>['attributes'] | null,
  after: PlainResource<K>['attributes'] | null,
) => Promise<void> | void;

const WRITERS: { readonly [K in PlainKind]: Write<K> } = {
  netns: remade(createNetns, deleteNetns),
  link: changed(createLink, updateLink, deleteLink),
  address: remade(createAddress, deleteAddress),
  neighbor: changed(writeNeighbor, writeNeighbor, deleteNeighbor),
  route: changed(createRoute, createRoute, deleteRoute),
  rule: remade(createRule, deleteRule),
  sysctl: changed(writeSysctl, writeSysctl, leaveSysctl),
  'nft-table': changed(writeNftTable, writeNftTable, deleteNftTable),
  'bpf-map': remade(createMap, deleteMap),
  'bpf-program': (context, before, after) => {
    if (after !== null) return writeProgram(context, before, after);
    if (before !== null) deleteProgram(context, before);
  },
  'bpf-link': changed(writeLink, writeLink, deleteBpfLink),
  proxy: changed(writeProxy, writeProxy, deleteProxy),
};

type Call<A> = (context: WriteContext, attributes: A) => Promise<void> | void;

function remade<A>(create: Call<A>, remove: Call<A>) {
  return async (context: WriteContext, before: A | null, after: A | null): Promise<void> => {
    if (before !== null) await remove(context, before);
    if (after !== null) await create(context, after);
  };
}

function changed<A>(create: Call<A>, update: Call<A>, remove: Call<A>) {
  return async (context: WriteContext, before: A | null, after: A | null): Promise<void> => {
    if (after === null) {
      if (before !== null) await remove(context, before);
    } else await (before === null ? create : update)(context, after);
  };
}

/** Does one step. When it throws, a part may have been done: its inverse takes that back, too. */
export async function perform(context: WriteContext, step: Step): Promise<void> {
  if (step.action === 'commit') {
    commitEpoch(context, step.flip === true);
  } else if (step.kind === 'bpf-entries') {
    const rows = entriesStep(step.key, entriesOf(step.before), entriesOf(step.after));
    await writeEntries(context, rows);
  } else {
    await write(context, step.kind, step);
  }
}

async function write(
  context: WriteContext,
  kind: PlainKind,
  { action, before, after }: Step,
): Promise<void> {
  const from = attributesOf(kind, before);
  const to = attributesOf(kind, after);
  const writer = WRITERS[kind] as Write<PlainKind>;
  if (action === 'replace' && from !== null && to !== null) {
    await writer(context, from, null);
    await writer(context, null, to);
  } else await writer(context, from, to);
}

function attributesOf<K extends PlainKind>(
  kind: K,
  resource: Resource | null,
): PlainResource<K>['attributes'] | null {
  if (resource === null) return null;
  if (resource.kind !== kind) throw new RangeError(`a ${resource.kind} in a step on a ${kind}`);
  return (resource as PlainResource<K>).attributes;
}

function entriesOf(resource: Resource | null): EntriesResource | null {
  if (resource === null || resource.kind === 'bpf-entries') return resource;
  throw new RangeError(`a ${resource.kind} in a step on bpf-entries`);
}

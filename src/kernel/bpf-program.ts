import { dirname } from 'node:path';
import { resource } from '../state/kinds.js';
import type { Attributes, PlainResource } from '../state/state.js';
import { failedWith } from './errno.js';
import { programPin, type Instance } from './instance.js';
import { pinsIn, type PinnedMaps } from './bpf-map.js';
import { reattach } from './bpf-link.js';
import { buildOf, type Build, type Datapath } from './datapath.js';
import { BpfMap, BpfProgram, unpin } from './native.js';
import { pinOver } from './pinned-objects.js';
import type { WriteContext } from './write-context.js';

type ProgramAttributes = Attributes['bpf-program'];

export interface PinnedProgram {
  /** Number of the program in this kernel; filters show it. */
  readonly id: number;
  readonly resource: PlainResource<'bpf-program'>;
}

/** Pinned programs; of which build they are stands in their frozen .rodata. */
export async function readPrograms(
  instance: Instance,
  maps: PinnedMaps,
  datapath: () => Datapath,
): Promise<PinnedProgram[]> {
  const programs: PinnedProgram[] = [];
  for (const name of await pinsIn(dirname(programPin(instance, 'x')))) {
    const program = BpfProgram.openPinned(programPin(instance, name));
    try {
      const { id, tag, mapIds } = program.info();
      const { object, features } = readBuild(mapIds, maps, datapath()) ?? unknown(tag);
      programs.push({ id, resource: resource('bpf-program', { name, object, features }) });
    } finally {
      program.close();
    }
  }
  return programs;
}

function unknown(tag: string): Build {
  return { object: `?${tag}`, features: {} };
}

/** Undefined when the program uses a map that is no longer the pinned one of that name: it must be loaded anew. */
function readBuild(
  mapIds: readonly number[],
  pinned: PinnedMaps,
  datapath: Datapath,
): Build | undefined {
  const current = new Map([...pinned.maps].map(([name, map]) => [kernelName(name), map.info().id]));
  let build: Build | undefined;
  for (const id of mapIds) {
    const map = BpfMap.openId(id);
    try {
      const { name } = map.info();
      if (name.endsWith('.rodata')) {
        build = buildOf(datapath, map.lookup(new Uint8Array(4)) ?? new Uint8Array(0));
      } else if (name.startsWith('plumb_') && current.get(name) !== id) {
        return undefined;
      }
    } finally {
      map.close();
    }
  }
  return build;
}

/** The kernel keeps 15 characters of a name. */
function kernelName(name: string): string {
  return name.slice(0, 15);
}

/** Pins the program, and puts it into every filter that runs the one it takes the place of. */
export async function writeProgram(
  context: WriteContext,
  before: ProgramAttributes | null,
  after: ProgramAttributes,
): Promise<void> {
  const { name, object, features } = after;
  const path = programPin(context.instance, name);
  const program = await context.objects.program(name, { object, features });
  const old = findPinned(path);
  const oldId = old?.info().id;
  if (old !== undefined && before !== null) context.objects.removedProgram(name, before, old);
  else old?.close();
  pinOver(program, path);
  if (oldId !== undefined) await reattach(context, oldId, name, program);
}

export function deleteProgram(context: WriteContext, attributes: ProgramAttributes): void {
  const path = programPin(context.instance, attributes.name);
  const old = findPinned(path);
  if (old !== undefined) context.objects.removedProgram(attributes.name, attributes, old);
  unpin(path);
}

function findPinned(path: string): BpfProgram | undefined {
  try {
    return BpfProgram.openPinned(path);
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return undefined;
    throw error;
  }
}

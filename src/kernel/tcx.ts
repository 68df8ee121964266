import { dirname } from 'node:path';
import { resource } from '../state/kinds.js';
import type { PlainResource, TcxAttributes } from '../state/state.js';
import { pinsIn } from './bpf-map.js';
import { linkPin, programPin, type Instance } from './instance.js';
import { detach } from './detach.js';
import { attachTcx, BpfLink, BpfProgram, unpin, type Link } from './native.js';
import type { WriteContext } from './write-context.js';

const PIN = /^tcx-(ingress|egress)-(.+)$/;

/** bpffs keeps names with a dot for itself, and no device's name has a colon. */
function pinName({ device, direction }: Omit<TcxAttributes, 'program'>): string {
  return `tcx-${direction}-${device.replaceAll('.', ':')}`;
}

interface Pinned {
  readonly device: string;
  readonly direction: TcxAttributes['direction'];
  readonly path: string;
}

async function pinned(instance: Instance): Promise<Pinned[]> {
  const names = await pinsIn(dirname(linkPin(instance, 'x')));
  return names.flatMap((name): Pinned[] => {
    const [, direction, device] = PIN.exec(name) ?? [];
    if (device === undefined) return [];
    return [
      {
        device: device.replaceAll(':', '.'),
        direction: direction === 'ingress' ? 'ingress' : 'egress',
        path: linkPin(instance, name),
      },
    ];
  });
}

/** Attachments that are pinned. One whose device is gone, or another by now, is none. */
export async function readTcx(
  instance: Instance,
  links: readonly Link[],
  programs: ReadonlyMap<number, string>,
): Promise<PlainResource<'bpf-link'>[]> {
  const indexes = new Map(links.map(({ name, ifindex }) => [name, ifindex]));
  return (await pinned(instance)).flatMap(({ device, direction, path }) => {
    const link = BpfLink.openPinned(path);
    try {
      const { ifindex, programId } = link.info();
      if (ifindex === undefined || ifindex === 0 || ifindex !== indexes.get(device)) return [];
      const program = programs.get(programId) ?? `?${String(programId)}`;
      return [resource('bpf-link', { attach: 'tcx', device, direction, program })];
    } finally {
      link.close();
    }
  });
}

/** Attaches at the end, or swaps the program of what is attached without a gap. */
export async function writeTcx(context: WriteContext, tcx: TcxAttributes): Promise<void> {
  const { device, direction, program: name } = tcx;
  const ifindex = await context.anyIfindex(undefined, device);
  const path = linkPin(context.instance, pinName(tcx));
  const program = BpfProgram.openPinned(programPin(context.instance, name));
  try {
    const there = (await pinned(context.instance)).find((one) => one.path === path);
    if (there !== undefined && (await updated(path, ifindex, program))) return;
    unpin(path);
    const netns = context.instance.netnsPath;
    const made = await attachTcx({
      program,
      ifindex,
      direction,
      ...(netns === undefined ? {} : { netns }),
    });
    try {
      made.pin(path);
    } finally {
      made.close();
    }
  } finally {
    program.close();
  }
}

/** Whether what is pinned is attached to that device; then it runs the program. */
async function updated(path: string, ifindex: number, program: BpfProgram): Promise<boolean> {
  const link = BpfLink.openPinned(path);
  try {
    if (link.info().ifindex !== ifindex) return false;
    if (link.info().programId !== program.info().id) await link.update(program);
    return true;
  } finally {
    link.close();
  }
}

export function deleteTcx(context: WriteContext, tcx: TcxAttributes): Promise<void> {
  return detach(linkPin(context.instance, pinName(tcx)));
}

/** Takes away pins of attachments whose devices are gone: a link outlives its device. */
export async function dropDeadTcx(instance: Instance): Promise<void> {
  for (const { path } of await pinned(instance)) {
    const link = BpfLink.openPinned(path);
    const isDead = link.info().ifindex === 0;
    link.close();
    if (isDead) unpin(path);
  }
}

export async function reattachTcx(
  context: WriteContext,
  oldId: number,
  program: BpfProgram,
): Promise<void> {
  for (const { path } of await pinned(context.instance)) {
    const link = BpfLink.openPinned(path);
    try {
      if (link.info().programId === oldId) await link.update(program);
    } finally {
      link.close();
    }
  }
}

import { dirname } from 'node:path';
import type { ForeignHook } from '../model/surroundings.js';
import { pinsIn } from './bpf-map.js';
import { failedWith } from './errno.js';
import { programPin, type Instance } from './instance.js';
import { BpfProgram, tcxPrograms, type Link, type Netlink } from './native.js';

const DIRECTIONS = ['ingress', 'egress'] as const;

/** clsact's two places on a device. */
const PARENTS = { ingress: 0xffff_fff2, egress: 0xffff_fff3 } as const;

/** What is on these devices and not pinned by us: programs of XDP, then of tcx, then filters of tc. */
export async function readHooks(
  instance: Instance,
  netlink: Netlink,
  links: readonly Link[],
): Promise<ForeignHook[]> {
  const own = await ownPrograms(instance);
  const hooks: ForeignHook[] = [];
  for (const { name: device, ifindex, xdp = [] } of links) {
    for (const id of xdp) hooks.push({ device, direction: 'ingress', what: `xdp ${nameOf(id)}` });
    for (const direction of DIRECTIONS) {
      for (const id of await programsAt(instance, ifindex, direction)) {
        if (!own.has(id)) hooks.push({ device, direction, what: `tcx ${nameOf(id)}` });
      }
      for (const { kind, bpf } of await netlink.filters({ ifindex, parent: PARENTS[direction] })) {
        const what = bpf === undefined ? kind : `${kind} ${bpf.name}`;
        hooks.push({ device, direction, what });
      }
    }
  }
  return hooks;
}

async function ownPrograms(instance: Instance): Promise<ReadonlySet<number>> {
  const own = new Set<number>();
  for (const name of await pinsIn(dirname(programPin(instance, 'x')))) {
    const program = BpfProgram.openPinned(programPin(instance, name));
    own.add(program.info().id);
    program.close();
  }
  return own;
}

/** Who has no privileges is not shown any. */
async function programsAt(
  { netnsPath }: Instance,
  ifindex: number,
  direction: 'ingress' | 'egress',
): Promise<readonly number[]> {
  const netns = netnsPath === undefined ? {} : { netns: netnsPath };
  try {
    return await tcxPrograms({ ifindex, direction, ...netns });
  } catch (error) {
    if (failedWith(error, 'EPERM', 'EACCES')) return [];
    throw error;
  }
}

/** A program may go between being listed and being asked for its name. */
function nameOf(id: number): string {
  try {
    const program = BpfProgram.openId(id);
    const { name } = program.info();
    program.close();
    return name === '' ? `program ${String(id)}` : name;
  } catch (error) {
    if (failedWith(error, 'ENOENT', 'EPERM')) return `program ${String(id)}`;
    throw error;
  }
}

import { addon } from './addon.js';
import { checked } from './error.js';
import { Handle, openPinned } from './handle.js';
import { LINK_TYPES, nameOf } from './types.js';

export class BpfLink extends Handle {
  /** @param {string} path */
  static openPinned(path) {
    return new BpfLink(openPinned(path));
  }

  info() {
    const { errno, type, ...info } = checked(addon.linkInfo(this.fd), 'describe link');
    return { ...info, type: nameOf(LINK_TYPES, type) };
  }

  /** @param {import('../index.js').BpfProgram} program */
  async update(program) {
    checked(await addon.updateLink(this.fd, program.fd), 'update link');
  }

  async detach() {
    checked(await addon.detach(this.fd), 'detach link');
  }
}

/** @param {{ program: { fd: number }, ifindex: number, direction: 'ingress' | 'egress', netns?: string }} o */
export async function attachTcx({ program, ifindex, direction, netns = '' }) {
  const made = await addon.tcx(program.fd, ifindex, direction === 'ingress', netns);
  return new BpfLink(checked(made, `attach to tcx ${direction} of device ${ifindex}`).fd);
}

/** @param {{ program: { fd: number }, netns?: string }} o */
export async function attachSkLookup({ program, netns = '' }) {
  return new BpfLink(checked(await addon.skLookup(program.fd, netns), 'attach to sk_lookup').fd);
}

/** @param {{ program: { fd: number }, cgroup: string, attachType: number }} o */
export async function attachCgroup({ program, cgroup, attachType }) {
  const made = await addon.cgroup(program.fd, cgroup, attachType);
  return new BpfLink(checked(made, `attach to ${cgroup}`).fd);
}

/** @param {{ ifindex: number, direction: 'ingress' | 'egress', netns?: string }} o */
export async function tcxPrograms({ ifindex, direction, netns = '' }) {
  const found = await addon.tcxPrograms(ifindex, direction === 'ingress', netns);
  return checked(found, `programs at tcx ${direction} of device ${ifindex}`).programs;
}

import type { Kind } from '../kind.js';
import { EGRESS_BLOCK, INGRESS_BLOCK } from '../layout.js';

/**
 * Where a program is attached: one filter on a shared tc block serves every endpoint device, tcx is for
 * the few devices of the node itself.
 */
export const bpfLink: Kind<'bpf-link'> = {
  name: 'bpf-link',
  keyOf: (link) => {
    switch (link.attach) {
      case 'tcx':
        return `tcx/${link.device}/${link.direction}`;
      case 'sk-lookup':
        return `sk-lookup/${link.netns}`;
      case 'cgroup':
        return `cgroup/${link.cgroup}`;
      case 'tc-block':
        return `tc-block/${blockName(link.block)}`;
    }
  },
  normalize: (link) => {
    const { attach, program } = link;
    switch (attach) {
      case 'tcx':
        return { attach, device: link.device, direction: link.direction, program };
      case 'sk-lookup':
        return { attach, netns: link.netns, program };
      case 'cgroup':
        return { attach, cgroup: link.cgroup, program };
      case 'tc-block':
        return { attach, block: link.block, program };
    }
  },
  changeFor: () => 'update',
};

function blockName(block: number): string {
  if (block === INGRESS_BLOCK) return 'ingress';
  return block === EGRESS_BLOCK ? 'egress' : `0x${block.toString(16)}`;
}

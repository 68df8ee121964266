import type { Kind } from '../kind.js';
import { EGRESS_BLOCK, INGRESS_BLOCK } from '../layout.js';

/**
 * Where a program is attached: one filter on a shared tc block serves every endpoint device, tcx is for
 * the few devices of the node itself.
 */
export const bpfLink: Kind<'bpf-link'> = {
  name: 'bpf-link',
  keyOf: (link) =>
    link.attach === 'tcx'
      ? `tcx/${link.device}/${link.direction}`
      : `tc-block/${blockName(link.block)}`,
  normalize: (link) =>
    link.attach === 'tcx'
      ? {
          attach: link.attach,
          device: link.device,
          direction: link.direction,
          program: link.program,
        }
      : { attach: link.attach, block: link.block, program: link.program },
  changeFor: () => 'update',
};

function blockName(block: number): string {
  if (block === INGRESS_BLOCK) return 'ingress';
  return block === EGRESS_BLOCK ? 'egress' : `0x${block.toString(16)}`;
}

import type { Kind } from '../kind.js';
import { EGRESS_BLOCK, INGRESS_BLOCK } from '../layout.js';

/** Where a program is attached: one filter on a shared tc block serves every endpoint device. */
export const bpfLink: Kind<'bpf-link'> = {
  name: 'bpf-link',
  keyOf: ({ attach, block }) => `${attach}/${blockName(block)}`,
  normalize: ({ attach, block, program }) => ({ attach, block, program }),
  changeFor: () => 'update',
};

function blockName(block: number): string {
  if (block === INGRESS_BLOCK) return 'ingress';
  return block === EGRESS_BLOCK ? 'egress' : `0x${block.toString(16)}`;
}

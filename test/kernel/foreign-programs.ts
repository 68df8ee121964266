import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  attachTcx,
  loadObject,
  mountBpffs,
  unpin,
  type BpfLink,
  type BpfObject,
} from 'libbpf-napi';
import type { KernelNode } from './node.js';

const SOURCE = `
#define SEC(name) __attribute__((section(name), used))
struct __sk_buff;
struct xdp_md;
SEC("tc") int others_tcx(struct __sk_buff *skb) { return -1; }
SEC("xdp") int others_xdp(struct xdp_md *packet) { return 2; }
char LICENSE[] SEC("license") = "GPL";
`;

/** Programs of somebody else on a device: at XDP, and at the egress of tcx. They let everything pass. */
export class ForeignPrograms {
  private constructor(
    private readonly object: BpfObject,
    private readonly link: BpfLink,
  ) {}

  static async attach(node: KernelNode, device: string): Promise<ForeignPrograms> {
    const [source, path] = [join(node.root, 'others.c'), join(node.root, 'others.o')];
    writeFileSync(source, SOURCE);
    execFileSync('clang-19', ['-O2', '-g', '-target', 'bpf', '-c', source, '-o', path]);
    const object = await loadObject(path);
    mountBpffs(node.bpffs);
    const pin = join(node.bpffs, 'others_xdp');
    object.program('others_xdp').pin(pin);
    node.inside(node.name, 'ip', 'link', 'set', device, 'xdpgeneric', 'pinned', pin);
    unpin(pin);
    const ifindex = Number.parseInt(node.ip('-oneline', 'link', 'show', device), 10);
    const netns = `/run/netns/${node.name}`;
    const program = object.program('others_tcx');
    const link = await attachTcx({ program, ifindex, direction: 'egress', netns });
    return new ForeignPrograms(object, link);
  }

  dispose(): void {
    this.link.close();
    this.object.close();
  }
}

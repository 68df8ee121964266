import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { EGRESS_BLOCK, INGRESS_BLOCK } from '../state/layout.js';
import { featuresOf, openDatapath, rodataFor } from './datapath.js';
import { netnsPath, openInstance, type InstanceOptions } from './instance.js';
import { haproxyVersion } from '../proxy/haproxy/version.js';
import { isBpffs, loadObject, Netlink, netnsCreate, netnsDelete, nft } from './native.js';
import { cgroupRoot } from './cgroup.js';

/** One thing that the datapath needs of the kernel, and whether it is there. */
export interface Probe {
  readonly feature: string;
  readonly ok: boolean;
  /** What was found. */
  readonly detail: string;
  /** What to do when it is missing. */
  readonly hint: string;
  /** What alone needs it; absent: nothing works without. */
  readonly only?: string;
}

/** CAP_NET_ADMIN, CAP_SYS_ADMIN and CAP_BPF. */
const CAPABILITIES = { net_admin: 12n, sys_admin: 21n, bpf: 39n };

const TPROXY = 'TPROXY';
const OLDEST_HAPROXY = '2.6';

/** First kernel with what cannot be tried without changing something. */
const SINCE: readonly (readonly [feature: string, version: string])[] = [
  ['bpf_redirect_peer', '5.10'],
  ['SK_LOOKUP', '5.9'],
  ['tcx', '6.6'],
];

/**
 * Asks the kernel what it can do. What needs a trial is tried in a network namespace of its own, which
 * is gone afterwards.
 */
export async function probeKernel(options: InstanceOptions = {}): Promise<Probe[]> {
  const instance = openInstance(options);
  const capabilities = probeCapabilities();
  const trials = capabilities.ok
    ? await tried()
    : ['tc shared blocks', 'datapath', TPROXY].map((feature) => notTried(feature));
  return [
    capabilities,
    {
      feature: 'bpffs',
      ok: isBpffs(instance.bpffs) || capabilities.ok,
      detail: isBpffs(instance.bpffs) ? instance.bpffs : `not mounted at ${instance.bpffs}`,
      hint: `apply mounts it; by hand: mount -t bpf bpf ${instance.bpffs}`,
    },
    {
      feature: 'BTF',
      ok: existsSync('/sys/kernel/btf/vmlinux'),
      detail: '/sys/kernel/btf/vmlinux',
      hint: 'Use a kernel that was built with CONFIG_DEBUG_INFO_BTF.',
    },
    ...SINCE.map(([feature, version]) => ({
      feature,
      ok: isAtLeast(release(), version),
      detail: `since ${version}, this is ${release()}`,
      hint: `Use a kernel of version ${version} or later.`,
    })),
    ...trials,
    await probeHaproxy(),
    await probeCgroup(),
  ];
}

function probeCapabilities(): Probe {
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const bits = BigInt(`0x${effective?.[1] ?? '0'}`);
  const missing = Object.entries(CAPABILITIES)
    .filter(([, bit]) => (bits & (1n << bit)) === 0n)
    .map(([name]) => name);
  return {
    feature: 'privileges',
    ok: missing.length === 0,
    detail: missing.length === 0 ? 'all there' : `missing: ${missing.join(', ')}`,
    hint: 'Run as root.',
  };
}

/** Whether a kernel's release (`6.18.4-generic`) is of a version or a later one. */
export function isAtLeast(kernel: string, version: string): boolean {
  const parts = (text: string): number[] => text.split(/[.-]/).slice(0, 2).map(Number);
  const [major = 0, minor = 0] = parts(kernel);
  const [wantedMajor = 0, wantedMinor = 0] = parts(version);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

async function tried(): Promise<Probe[]> {
  const name = `plumb-probe-${process.pid}`;
  try {
    await netnsCreate({ name });
    const blocks = await attempt('tc shared blocks', () => trySharedBlocks(netnsPath(name)), {
      done: 'one filter can serve every endpoint',
      hint: 'Use a kernel with CONFIG_NET_CLS_ACT, CONFIG_NET_SCH_INGRESS and CONFIG_VETH.',
    });
    const datapath = await attempt('datapath', tryDatapath, {
      done: 'the verifier takes it',
      hint: 'Build it (make bpf), or use a newer kernel.',
    });
    const tproxy = await attempt(TPROXY, () => tryTproxy(netnsPath(name)), {
      done: 'nftables hands packets to sockets',
      hint: 'Use a kernel with CONFIG_NFT_TPROXY, or another redirectMode.',
    });
    return [blocks, datapath, { ...tproxy, only: 'redirectMode tproxy' }];
  } finally {
    await netnsDelete(name);
  }
}

async function trySharedBlocks(netns: string): Promise<void> {
  const netlink = await Netlink.open({ netns });
  const ifindex = 1000;
  const blocks = { ingressBlock: INGRESS_BLOCK, egressBlock: EGRESS_BLOCK };
  try {
    await netlink.batch([
      { op: 'link-add', name: 'probe', kind: 'veth', ifindex, peer: { name: 'peer' } },
      { op: 'clsact-add', ifindex, ...blocks },
    ]);
    const found = (await netlink.qdiscs()).find((qdisc) => qdisc.kind === 'clsact');
    if (found?.ingressBlock !== INGRESS_BLOCK) throw new Error('clsact has no block');
  } finally {
    netlink.close();
  }
}

async function tryTproxy(netns: string): Promise<void> {
  const table = { family: 'inet', name: 'probe' } as const;
  const place = { family: 'inet', table: 'probe' } as const;
  const hook = { name: 'probe', type: 'filter', hook: 'prerouting', prio: 0, policy: 'accept' };
  const tcp = { match: { op: '==', left: { meta: { key: 'l4proto' } }, right: 6 } };
  const rule = { chain: 'probe', expr: [tcp, { tproxy: { port: 1 } }] };
  const commands = [
    { add: { table } },
    { add: { chain: { ...place, ...hook } } },
    { add: { rule: { ...place, ...rule } } },
  ];
  await nft({ netns, json: { nftables: commands } });
}

async function probeHaproxy(): Promise<Probe> {
  const version = await haproxyVersion();
  return {
    feature: 'HAProxy',
    ok: version !== undefined && isAtLeast(version, OLDEST_HAPROXY),
    detail: version ?? 'not found',
    hint: `Install HAProxy ${OLDEST_HAPROXY} or newer.`,
    only: 'rules of HTTP and TLS',
  };
}

async function probeCgroup(): Promise<Probe> {
  const root = await cgroupRoot();
  return {
    feature: 'cgroup v2',
    ok: root !== undefined,
    detail: root ?? 'not mounted',
    hint: 'Mount it: mount -t cgroup2 none /sys/fs/cgroup.',
    only: 'redirectMode nat',
  };
}

async function tryDatapath(): Promise<void> {
  const datapath = openDatapath();
  const features = Object.fromEntries(featuresOf(datapath).map((name) => [name, true]));
  const rodata = rodataFor(datapath, { object: datapath.hash, features });
  (await loadObject(datapath.path, { rodata })).close();
}

async function attempt(
  feature: string,
  trial: () => Promise<void>,
  { done, hint }: { readonly done: string; readonly hint: string },
): Promise<Probe> {
  try {
    await trial();
    return { feature, ok: true, detail: done, hint };
  } catch (error) {
    return { feature, ok: false, detail: error instanceof Error ? error.message : '', hint };
  }
}

function notTried(feature: string): Probe {
  return { feature, ok: false, detail: 'not tried', hint: 'Run as root.' };
}

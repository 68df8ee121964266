import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

/** Everything that an apply could leave behind, as sorted lines by what it is. */
export type Inventory = Readonly<Record<string, readonly string[]>>;

const BPFFS_MAGIC = 0xcafe4a11;

/**
 * Lists what is in the machine's own namespace and those named, every BPF object of the kernel, and
 * the pins below `bpffs`. Numbers that the kernel gives at will are left out.
 */
export function takeInventory(
  netns: readonly string[] = [],
  bpffs: readonly string[] = ['/sys/fs/bpf'],
): Inventory {
  const inventory: Record<string, readonly string[]> = {
    namespaces: existsSync('/run/netns') ? readdirSync('/run/netns').sort() : [],
    programs: bpfObjects('prog'),
    maps: bpfObjects('map'),
    bpfLinks: bpfObjects('link'),
    pins: bpffs.filter(isBpffs).flatMap((root) => pinsBelow(root)),
  };
  for (const name of netns) Object.assign(inventory, networkOf(name));
  return inventory;
}

/**
 * An inventory that has stayed the same for half a second: what an earlier test removed is freed some
 * time later (network namespaces in the background, BPF objects after an RCU grace period).
 */
export async function steadyInventory(
  netns: readonly string[] = [],
  bpffs: readonly string[] = ['/sys/fs/bpf'],
): Promise<Inventory> {
  let inventory = takeInventory(netns, bpffs);
  for (let same = 0; same < 5;) {
    await new Promise((done) => setTimeout(done, 100));
    const now = takeInventory(netns, bpffs);
    same = JSON.stringify(now) === JSON.stringify(inventory) ? same + 1 : 0;
    inventory = now;
  }
  return inventory;
}

/**
 * The inventory once it equals `wanted`, or as it is after two seconds: the kernel frees BPF objects
 * some time after their last user closed them (an RCU grace period).
 */
export async function settledInventory(
  wanted: Inventory,
  netns: readonly string[] = [],
  bpffs: readonly string[] = ['/sys/fs/bpf'],
): Promise<Inventory> {
  const end = Date.now() + 2000;
  for (;;) {
    const now = takeInventory(netns, bpffs);
    if (JSON.stringify(now) === JSON.stringify(wanted) || Date.now() > end) return now;
    await new Promise((done) => setTimeout(done, 50));
  }
}

function networkOf(netns: string): Record<string, readonly string[]> {
  const run = (command: string, ...args: string[]): string[] =>
    lines(execFileSync('nsenter', [`--net=/run/netns/${netns}`, command, ...args]));
  const both = (...args: string[]): string[] =>
    ['-4', '-6'].flatMap((family) => run('ip', family, ...args).map((l) => `${family} ${l}`));
  return {
    [`${netns} links`]: run('ip', '-o', 'link').map((line) => line.replace(/ qlen \d+/, '')),
    [`${netns} addresses`]: run('ip', '-o', 'address'),
    [`${netns} neighbors`]: both('neighbor', 'show', 'nud', 'permanent'),
    [`${netns} routes`]: both('route', 'show', 'table', 'all'),
    [`${netns} rules`]: both('rule'),
    [`${netns} nft`]: run('nft', 'list', 'ruleset'),
    [`${netns} qdiscs`]: run('tc', 'qdisc'),
  };
}

function bpfObjects(kind: 'prog' | 'map' | 'link'): string[] {
  const text = execFileSync('bpftool', ['--json', kind, 'list'], { encoding: 'utf8' });
  const objects = JSON.parse(text) as { readonly id: number; readonly name?: string }[];
  return objects.map(({ id, name }) => `${id} ${name ?? ''}`).sort();
}

/** Without the iterators that the kernel puts into every bpffs. */
function pinsBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter(({ name }) => !name.endsWith('.debug'))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? [`${path}/`, ...pinsBelow(path)] : [path];
    })
    .sort();
}

function isBpffs(path: string): boolean {
  return existsSync(path) && statfsSync(path).type === BPFFS_MAGIC;
}

function lines(output: Buffer): string[] {
  return output.toString().split('\n').filter(Boolean).sort();
}

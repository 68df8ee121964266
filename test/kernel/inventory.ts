import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Everything that an apply could leave behind, as sorted lines by what it is. */
export type Inventory = Readonly<Record<string, readonly string[]>>;

const BPFFS_MAGIC = 0xcafe4a11;

/**
 * Lists what is in the test's own namespace and those named, the pins below `bpffs`, and the BPF objects that
 * processes hold or a namespace does; those of other files of tests, which run at the same time, are not seen.
 * A BPF object lives by one of these, or by a device. Numbers that the kernel gives at will are left out.
 */
export function takeInventory(
  netns: readonly string[] = [],
  bpffs: readonly string[] = ['/sys/fs/bpf'],
): Inventory {
  const inventory: Record<string, readonly string[]> = {
    namespaces: existsSync('/run/netns') ? readdirSync('/run/netns').sort() : [],
    held: heldByProcesses(),
    attached: attachedToNamespaces(),
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

/** Programs, maps and links that are open in a process with the test's view of the file system. */
function heldByProcesses(): string[] {
  const held = readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => ifStillThere(() => heldBy(`/proc/${pid}`)));
  return [...new Set(held)].sort();
}

function heldBy(process: string): string[] {
  if (readlinkSync(`${process}/ns/mnt`) !== readlinkSync('/proc/self/ns/mnt')) return [];
  const name = readFileSync(`${process}/comm`, 'utf8').trim();
  return readdirSync(`${process}/fdinfo`).flatMap((fd) =>
    ifStillThere(() => {
      const info = readFileSync(`${process}/fdinfo/${fd}`, 'utf8');
      const ids = info.matchAll(/^(prog|map|link)_id:\s*(\d+)$/gm);
      return [...ids].map(([, kind, id]) => `${name} ${kind} ${id}`);
    }),
  );
}

/** Links to network namespaces that this test can see. */
function attachedToNamespaces(): string[] {
  const named = existsSync('/run/netns')
    ? readdirSync('/run/netns').map((name) => `/run/netns/${name}`)
    : [];
  const inodes = ['/proc/self/ns/net', ...named].flatMap((path) =>
    ifStillThere(() => [statSync(path).ino]),
  );
  const links = JSON.parse(bpfLinks()) as { readonly id: number; readonly netns_ino?: number }[];
  return links
    .filter(({ netns_ino }) => netns_ino !== undefined && inodes.includes(netns_ino))
    .map(({ id }) => String(id))
    .sort();
}

/** bpftool fails where a link of some other test's goes while it looks. */
function bpfLinks(triesLeft = 10): string {
  try {
    return execFileSync('bpftool', ['--json', 'link', 'list'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', triesLeft > 0 ? 'ignore' : 'inherit'],
    });
  } catch (error) {
    if (triesLeft === 0) throw error;
    return bpfLinks(triesLeft - 1);
  }
}

/** What ends while it is looked at holds nothing, and what root may not look at is none of this test's. */
function ifStillThere<T>(look: () => T[]): T[] {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && ['ENOENT', 'ESRCH', 'EACCES'].includes(code)) return [];
    throw error;
  }
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

import { readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupPath, makeCgroup } from '../kernel/cgroup.js';

/** The cgroup of this process, which those that it starts are in too. */
export class OwnCgroup {
  #entered: string | undefined;
  /** Where it was before. */
  #home = '/';

  /** Moves there; without a name back, and takes the directory away. @throws PlumbError PLB_CGROUP */
  async enter(cgroup: string | undefined): Promise<void> {
    if (cgroup === this.#entered) return;
    if (cgroup === undefined) {
      const left = await cgroupPath(this.#entered ?? '');
      moveTo(await cgroupPath(this.#home));
      this.#entered = undefined;
      removeEmpty(left);
      return;
    }
    if (this.#entered === undefined) this.#home = ownName();
    const path = await cgroupPath(cgroup);
    await makeCgroup(path);
    moveTo(path);
    this.#entered = cgroup;
  }
}

function moveTo(path: string): void {
  writeFileSync(join(path, 'cgroup.procs'), String(process.pid));
}

/** Processes that are ending may be in it yet: then whoever removes what is attached to it does that. */
function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Another apply finds it and enters it again.
  }
}

/** What the line of cgroup v2 says: `0::/a/b`. */
function ownName(): string {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').split('\n');
  return lines.find((line) => line.startsWith('0::'))?.slice(3) ?? '/';
}

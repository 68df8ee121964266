import { rmdir } from 'node:fs/promises';
import { dropDeadCgroups } from '../kernel/cgroup.js';
import { pinDirectories, runDirectories, type Instance } from '../kernel/instance.js';
import { dropDeadSkLookups } from '../kernel/sk-lookup.js';
import { dropDeadTcx } from '../kernel/tcx.js';
import { removeSideFiles } from './provenance.js';

/** Of an instance that holds nothing any more, under its lock: what is left of files and pins goes. */
export async function removeLeftovers(instance: Instance): Promise<void> {
  await removeSideFiles(instance);
  await dropDeadTcx(instance);
  await dropDeadSkLookups(instance);
  await dropDeadCgroups(instance);
  await removePinDirectories(instance);
}

/** As far as nothing is pinned in them. */
export async function removePinDirectories(instance: Instance): Promise<void> {
  await removeEmpty(pinDirectories(instance));
}

/** After the lock is released, which is in there; whoever takes it next makes the directory again. */
export async function removeRunDirectories(instance: Instance): Promise<void> {
  await removeEmpty(runDirectories(instance));
}

async function removeEmpty(directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    try {
      await rmdir(directory);
    } catch (error) {
      // Somebody else's files, or another instance: they stay.
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'EBUSY'].includes(code)) throw error;
    }
  }
}

import { rmdir } from 'node:fs/promises';
import { dropDeadCgroups } from '../kernel/cgroup.js';
import { directoriesOf, type Instance } from '../kernel/instance.js';
import { dropDeadSkLookups } from '../kernel/sk-lookup.js';
import { dropDeadTcx } from '../kernel/tcx.js';
import { removeProvenance } from './provenance.js';

/** Takes away the directories of an instance that holds nothing any more, as far as they are empty. */
export async function removeDirectories(instance: Instance): Promise<void> {
  await removeProvenance(instance);
  await dropDeadTcx(instance);
  await dropDeadSkLookups(instance);
  await dropDeadCgroups(instance);
  for (const directory of directoriesOf(instance)) {
    try {
      await rmdir(directory);
    } catch (error) {
      // Somebody else's files, or another instance: they stay.
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'EBUSY'].includes(code)) throw error;
    }
  }
}

import { failedWith } from './errno.js';
import { BpfLink, unpin } from './native.js';

/**
 * Ends a pinned attachment; none is fine. Detached first: what only loses its pin stays for a moment, in
 * which an undo could not attach it again.
 */
export async function detach(path: string): Promise<void> {
  const link = opened(path);
  try {
    await link?.detach();
  } finally {
    link?.close();
  }
  unpin(path);
}

function opened(path: string): BpfLink | undefined {
  try {
    return BpfLink.openPinned(path);
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return undefined;
    throw error;
  }
}

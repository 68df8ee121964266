import { Flags } from '@oclif/core';
import { confirm, undoUnconfirmed } from '../../engine/unconfirmed.js';
import { PlumbError } from '../../model/error.js';
import { PlumbCommand } from '../base.js';

export default class Confirm extends PlumbCommand {
  static override summary = 'Keep what `apply --confirm-within` did, or undo it now.';
  static override description =
    'From any terminal, within the time that the apply gave. Without it everything is undone then, even if whoever applied is gone.';
  static override flags = {
    undo: Flags.boolean({ description: 'undo it now instead of keeping it' }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Confirm);
    const isDone = flags.undo ? await undoUnconfirmed(flags) : await confirm(flags);
    if (!isDone) {
      throw new PlumbError('PLB_NOTHING_TO_CONFIRM', 'no apply waits to be confirmed', {
        hint: 'It was confirmed or undone already: plumb plan shows what the node holds.',
      });
    }
    this.log(flags.undo ? 'undone: everything is as it was before' : 'confirmed: it stays');
    return { confirmed: !flags.undo, undone: flags.undo };
  }
}

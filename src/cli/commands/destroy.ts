import { applyPlanned, planDestroy } from '../../engine.js';
import { refuseWhileWaiting } from '../../engine/unconfirmed.js';
import { PlumbError } from '../../model/error.js';
import { renderPlan } from '../../report/terminal.js';
import { askYes } from '../ask.js';
import { PlumbCommand } from '../base.js';
import { yesFlag } from '../flags.js';

export default class Destroy extends PlumbCommand {
  static override summary = 'Remove all that is ours from the node.';
  static override flags = { yes: yesFlag };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Destroy);
    await refuseWhileWaiting(flags);
    const planned = await planDestroy(flags);
    this.log(renderPlan(planned.plan, planned.traffic, { colour: this.colour, width: this.width }));
    const { steps } = planned.plan;
    if (
      steps.length > 0 &&
      !flags.yes &&
      !(await askYes('\nRemove all this? Only "yes" is taken: '))
    ) {
      throw new PlumbError('PLB_NOT_CONFIRMED', 'nothing was changed: it was not confirmed', {
        hint: 'Answer "yes", or pass --yes where nobody can be asked.',
      });
    }
    await applyPlanned(planned, flags);
    this.log(`\nremoved: ${String(steps.length)} step${steps.length === 1 ? '' : 's'}`);
    return { removed: steps.length };
  }
}

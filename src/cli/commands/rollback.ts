import { applyPlanned, plannedToJson } from '../../engine.js';
import { planRollback } from '../../engine/rollback.js';
import { refuseWhileWaiting } from '../../engine/unconfirmed.js';
import { PlumbError } from '../../model/error.js';
import { renderPlan } from '../../report/terminal.js';
import { askYes } from '../ask.js';
import { PlumbCommand } from '../base.js';
import { yesFlag } from '../flags.js';

export default class Rollback extends PlumbCommand {
  static override summary = 'Flip back to the policy before the current one.';
  static override description =
    'One write, atomic for the node. Only the policy goes back: endpoints, addresses and devices stay, and the program still says what it says, so that the next plan shows the difference. A second rollback leads forward again.';
  static override flags = { yes: yesFlag };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Rollback);
    await refuseWhileWaiting(flags);
    const planned = await planRollback(flags);
    this.log(renderPlan(planned.plan, planned.traffic, { colour: this.colour, width: this.width }));
    if (!flags.yes && !(await askYes('\nGo back? Only "yes" is taken: '))) {
      throw new PlumbError('PLB_NOT_CONFIRMED', 'nothing was changed: it was not confirmed', {
        hint: 'Answer "yes", or pass --yes where nobody can be asked.',
      });
    }
    await applyPlanned(planned, flags);
    this.log('\nrolled back: the policy before judges');
    return plannedToJson(planned);
  }
}

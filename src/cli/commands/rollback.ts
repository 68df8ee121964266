import { plannedToJson } from '../../engine.js';
import { planRollback } from '../../engine/rollback.js';
import { refuseWhileWaiting } from '../../engine/unconfirmed.js';
import { renderPlan } from '../../report/terminal.js';
import { mustAgree } from '../ask.js';
import { PlumbCommand } from '../base.js';
import { carryOut } from '../carry-out.js';
import { quietFlag, yesFlag } from '../flags.js';

export default class Rollback extends PlumbCommand {
  static override summary = 'Flip back to the policy before the current one.';
  static override description =
    'One write, atomic for the node. Only the policy goes back: endpoints, addresses and devices stay, and the program still says what it says, so that the next plan shows the difference. A second rollback leads forward again.';
  static override flags = { yes: yesFlag, quiet: quietFlag };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Rollback);
    await refuseWhileWaiting(flags);
    const planned = await planRollback(flags);
    const shown = { colour: this.colour, width: this.width };
    this.say(flags, renderPlan(planned.plan, planned.traffic, shown));
    if (!flags.yes) await mustAgree('Go back?');
    await carryOut(planned, flags);
    this.say(flags, '\nrolled back: the policy before judges');
    return plannedToJson(planned);
  }
}

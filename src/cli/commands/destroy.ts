import { planDestroy } from '../../engine.js';
import { refuseWhileWaiting } from '../../engine/unconfirmed.js';
import { renderPlan } from '../../report/terminal.js';
import { mustAgree } from '../ask.js';
import { PlumbCommand } from '../base.js';
import { carryOut } from '../carry-out.js';
import { quietFlag, yesFlag } from '../flags.js';

export default class Destroy extends PlumbCommand {
  static override summary = 'Remove all that is ours from the node.';
  static override flags = { yes: yesFlag, quiet: quietFlag };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Destroy);
    await refuseWhileWaiting(flags);
    const planned = await planDestroy(flags);
    const shown = { colour: this.colour, width: this.width };
    this.say(flags, renderPlan(planned.plan, planned.traffic, shown));
    const { steps } = planned.plan;
    if (steps.length > 0 && !flags.yes) await mustAgree('Remove all this?');
    await carryOut(planned, flags);
    this.say(flags, `\nremoved: ${String(steps.length)} step${steps.length === 1 ? '' : 's'}`);
    return { removed: steps.length };
  }
}

import { Args } from '@oclif/core';
import { plannedToJson } from '../../engine.js';
import { diffSides, readSide } from '../../engine/diff.js';
import { renderPlan } from '../../report/terminal.js';
import { PlumbCommand } from '../base.js';
import { nodeFlag } from '../flags.js';

export default class Diff extends PlumbCommand {
  static override summary = 'Show what leads from one program or state to another.';
  static override description =
    'A and B are a program, or a state file (*.json) that `plumb show --json` or `plumb synth --json` wrote. Exits with 2 when they differ. Reads no kernel and needs no privileges.';
  static override args = {
    a: Args.string({ required: true, description: 'before: a program, or a state file (*.json)' }),
    b: Args.string({ required: true, description: 'after: a program, or a state file (*.json)' }),
  };
  static override flags = { node: nodeFlag };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Diff);
    const [a, b] = await Promise.all([readSide(args.a, flags), readSide(args.b, flags)]);
    const planned = diffSides(a, b);
    this.log(renderPlan(planned.plan, planned.traffic, { colour: this.colour, width: this.width }));
    if (planned.plan.steps.length > 0) process.exitCode = 2;
    return plannedToJson(planned);
  }
}

import { Args } from '@oclif/core';
import { plannedToJson, type Planned } from '../../engine.js';
import { diffSides, readSide, type DiffSide } from '../../engine/diff.js';
import { renderPlan } from '../../report/terminal.js';
import { PlumbCommand } from '../base.js';
import { nodeFlag } from '../flags.js';
import { checkOut, type Checkout } from '../git-revision.js';

export default class Diff extends PlumbCommand {
  static override summary = 'Show what leads from one program or state to another.';
  static override description =
    'A and B are a program, a program at a revision (git:REV:PATH, PATH from the top of the repository), or a state file (*.json) that `plumb show --json` or `plumb synth --json` wrote. Exits with 2 when they differ. Reads no kernel and needs no privileges.';
  static override args = {
    a: Args.string({ required: true, description: 'before: a program, git:REV:PATH, or *.json' }),
    b: Args.string({ required: true, description: 'after: a program, git:REV:PATH, or *.json' }),
  };
  static override flags = { node: nodeFlag };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Diff);
    const checkouts: Checkout[] = [];
    try {
      for (const spec of [args.a, args.b]) checkouts.push(await checkOut(spec));
      const [a, b] = await Promise.all(checkouts.map(({ path }) => readSide(path, flags)));
      return this.show(diffSides(a as DiffSide, b as DiffSide));
    } finally {
      await Promise.all(checkouts.map(({ dispose }) => dispose()));
    }
  }

  private show(planned: Planned): unknown {
    this.log(renderPlan(planned.plan, planned.traffic, { colour: this.colour, width: this.width }));
    if (planned.plan.steps.length > 0) process.exitCode = 2;
    return plannedToJson(planned);
  }
}

import { Args, Flags } from '@oclif/core';
import { plannedToJson } from '../../engine.js';
import { diffSides, readSide } from '../../engine/diff.js';
import { drawMatrix } from '../../engine/draw.js';
import { matrixOf } from '../../engine/matrix.js';
import { readCauses } from '../../engine/source-lines.js';
import { renderPlanHtml } from '../../report/html.js';
import { renderPlanMarkdown } from '../../report/markdown.js';
import { renderPlan } from '../../report/terminal.js';
import { PlumbCommand } from '../base.js';
import { nodeFlag } from '../flags.js';
import { checkOut, type Checkout } from '../git-revision.js';
import { writePrivately } from '../write-privately.js';

export default class Diff extends PlumbCommand {
  static override summary = 'Show what leads from one program or state to another.';
  static override description =
    'A and B are a program, a program at a revision (git:REV:PATH, PATH from the top of the repository), or a state file (*.json) that `plumb show --json` or `plumb synth --json` wrote. Exits with 2 when they differ. Reads no kernel and needs no privileges.';
  static override args = {
    a: Args.string({ required: true, description: 'before: a program, git:REV:PATH, or *.json' }),
    b: Args.string({ required: true, description: 'after: a program, git:REV:PATH, or *.json' }),
  };
  static override flags = {
    node: nodeFlag,
    markdown: Flags.boolean({
      description: 'print Markdown, for a pull request',
      exclusive: ['json'],
    }),
    html: Flags.string({
      description: 'also write one HTML page, to be read in a browser',
      helpValue: 'FILE',
    }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Diff);
    const checkouts: Checkout[] = [];
    try {
      for (const spec of [args.a, args.b]) checkouts.push(await checkOut(spec));
      const [before = '', after = ''] = checkouts.map(({ path }) => path);
      const [a, b] = await Promise.all([readSide(before, flags), readSide(after, flags)]);
      const planned = diffSides(a, b);
      if (flags.html !== undefined) {
        const graph =
          b.desired === undefined ? {} : { graph: await drawMatrix(matrixOf(b.desired)) };
        const page = renderPlanHtml(planned.plan, planned.traffic, graph);
        await writePrivately(flags.html, page);
      }
      this.log(
        flags.markdown
          ? renderPlanMarkdown(planned.plan, planned.traffic, {
              sourceOf: await readCauses(after, planned.traffic, 'now'),
              formerSourceOf: await readCauses(before, planned.traffic, 'before'),
            })
          : renderPlan(planned.plan, planned.traffic, { colour: this.colour, width: this.width }),
      );
      if (planned.plan.steps.length > 0) process.exitCode = 2;
      return plannedToJson(planned);
    } finally {
      await Promise.all(checkouts.map(({ dispose }) => dispose()));
    }
  }
}

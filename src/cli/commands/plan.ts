import { Flags } from '@oclif/core';
import { planDrift, plannedToJson, planFromProgram, type PlanRequest } from '../../engine.js';
import { waiting } from '../../engine/unconfirmed.js';
import { writeLock } from '../../engine/desired.js';
import { drawMatrix } from '../../engine/draw.js';
import { matrixOf } from '../../engine/matrix.js';
import { readCauses } from '../../engine/source-lines.js';
import { PlumbError } from '../../model/error.js';
import { warningsAmong, type Lint } from '../../model/lint.js';
import { renderPlanHtml } from '../../report/html.js';
import { renderPlanMarkdown } from '../../report/markdown.js';
import { renderPlan } from '../../report/terminal.js';
import { PlumbCommand } from '../base.js';
import { manifestsFlag, nodeFlag, programArg } from '../flags.js';
import { whilePlanning } from '../planning.js';
import { writePrivately } from '../write-privately.js';

export default class PlanCommand extends PlumbCommand {
  static override summary = 'Show what apply would change.';
  static override args = { program: programArg };
  static override flags = {
    node: nodeFlag,
    manifests: manifestsFlag,
    markdown: Flags.boolean({
      description: 'print Markdown, for a pull request',
      exclusive: ['json'],
    }),
    html: Flags.string({
      description: 'also write the plan as one HTML page, to be read in a browser',
      helpValue: 'FILE',
    }),
    out: Flags.string({ description: 'also write the plan, for apply', helpValue: 'FILE' }),
    state: Flags.string({
      description: 'plan against this state file, or "empty", instead of the kernel',
      helpValue: 'FILE|empty',
    }),
    'refresh-only': Flags.boolean({
      description:
        'show only what differs from what was applied last, whatever the program says by now',
      exclusive: ['manifests', 'state', 'out'],
    }),
    strict: Flags.boolean({ description: 'fail when a lint warns' }),
    'detailed-exitcode': Flags.boolean({ description: 'exit with 2 when there are changes' }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PlanCommand);
    const planned = await whilePlanning(() =>
      flags['refresh-only'] ? planDrift(flags) : planFromProgram(args.program, flags),
    );
    for (const warning of planned.desired.warnings) this.warn(warning);
    await this.warnOfUnconfirmed(flags);
    const json = plannedToJson(planned);
    if (flags.out !== undefined) {
      // A plan names identities by number: whoever applies it must find the same numbers.
      await writeLock(planned.desired);
      await writePrivately(flags.out, `${JSON.stringify(json, null, 2)}\n`);
    }
    if (flags.html !== undefined) {
      await writePrivately(
        flags.html,
        renderPlanHtml(planned.plan, planned.traffic, {
          lints: planned.lints ?? [],
          graph: await drawMatrix(matrixOf(planned.desired)),
        }),
      );
    }
    if (flags.markdown) {
      const sourceOf = await readCauses(args.program, planned.traffic, 'now');
      this.log(
        renderPlanMarkdown(planned.plan, planned.traffic, { lints: planned.lints ?? [], sourceOf }),
      );
    } else {
      this.log(
        renderPlan(
          planned.plan,
          planned.traffic,
          { colour: this.colour, width: this.width },
          planned.lints,
        ),
      );
      if (planned.desired.lockChanged) {
        this.log(`\n${planned.desired.lockPath}: apply will record new identity numbers`);
      }
    }
    if (flags['detailed-exitcode'] && planned.plan.steps.length > 0) process.exitCode = 2;
    if (flags.strict) refuseWarnings(planned.lints ?? []);
    return json;
  }

  private async warnOfUnconfirmed(where: PlanRequest): Promise<void> {
    if (where.state !== undefined) return;
    const found = await waiting(where);
    if (found === undefined) return;
    const { since, until, isWatched, failure } = found;
    const when = until === undefined ? 'when who applies it is gone' : `at ${until}`;
    const what = isWatched
      ? `it is undone ${when} unless plumb confirm is said`
      : 'nobody will undo it by itself: say plumb confirm, or plumb confirm --undo';
    const why = failure === undefined ? '' : ` (undoing it failed: ${failure})`;
    this.warn(`the apply of ${since} is not confirmed${why}; ${what}`);
  }
}

/** @throws PlumbError PLB_LINT */
function refuseWarnings(lints: readonly Lint[]): void {
  const [first, ...more] = warningsAmong(lints);
  if (first === undefined) return;
  const others = more.length === 0 ? '' : ` (and ${String(more.length)} more)`;
  throw new PlumbError('PLB_LINT', `${first.code}: ${first.message}${others}`, {
    origin: first.origin,
    hint: `${first.hint} What is meant can be silenced with Lint.ignore.`,
  });
}

import { Args, Flags } from '@oclif/core';
import { applyPlanned, goBack, loadPlanned, planFromProgram, remember } from '../../engine.js';
import { PlumbError } from '../../model/error.js';
import { renderPlan } from '../../report/terminal.js';
import { askYes } from '../ask.js';
import { PlumbCommand } from '../base.js';
import { nodeFlag, parseDuration, yesFlag } from '../flags.js';

export default class Apply extends PlumbCommand {
  static override summary = 'Make the kernel hold what the program, or a plan file, says.';
  static override args = {
    program: Args.string({
      description: 'the program, or a plan file (*.json)',
      default: 'plumb.ts',
    }),
  };
  static override flags = {
    node: nodeFlag,
    yes: yesFlag,
    'confirm-within': Flags.string({
      description: 'undo everything unless confirmed within this time (60s, 5m) after it is done',
      helpValue: 'T',
    }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Apply);
    const confirmMs = this.confirmTime(flags['confirm-within']);
    const planned = args.program.endsWith('.json')
      ? await loadPlanned(args.program)
      : await planFromProgram(args.program, flags);
    for (const warning of planned.desired?.warnings ?? []) this.warn(warning);
    this.log(renderPlan(planned.plan, planned.traffic, { colour: this.colour, width: this.width }));
    const { steps } = planned.plan;
    if (steps.length === 0) {
      await applyPlanned(planned, flags);
      return { applied: 0, undone: false };
    }
    if (!flags.yes && !(await askYes('\nApply this? Only "yes" is taken: '))) throw notConfirmed();

    const before = confirmMs === undefined ? undefined : await remember(planned, flags);
    const controller = new AbortController();
    const interrupt = (): void => controller.abort();
    process.on('SIGINT', interrupt);
    process.on('SIGTERM', interrupt);
    try {
      await applyPlanned(planned, { ...flags, signal: controller.signal });
    } finally {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
    }
    this.log(`\napplied: ${String(steps.length)} step${steps.length === 1 ? '' : 's'}`);
    if (confirmMs === undefined || before === undefined) {
      return { applied: steps.length, undone: false };
    }
    if (
      await askYes(`Keep it? Undone in ${String(confirmMs / 1000)} s without "yes": `, confirmMs)
    ) {
      return { applied: steps.length, undone: false };
    }
    await goBack(before, flags);
    this.log('not confirmed: everything is as it was before');
    process.exitCode = 1;
    return { applied: 0, undone: true };
  }

  private confirmTime(text: string | undefined): number | undefined {
    if (text === undefined) return undefined;
    const ms = parseDuration(text);
    if (ms !== undefined && ms > 0 && process.stdin.isTTY) return ms;
    throw new PlumbError(
      'PLB_CONFIRM',
      process.stdin.isTTY
        ? `--confirm-within does not understand "${text}"`
        : '--confirm-within needs a terminal to be confirmed on',
      { hint: 'Give a time such as 60s or 5m, at a terminal.' },
    );
  }
}

function notConfirmed(): PlumbError {
  return new PlumbError('PLB_NOT_CONFIRMED', 'nothing was changed: it was not confirmed', {
    hint: 'Answer "yes", or pass --yes where nobody can be asked.',
  });
}

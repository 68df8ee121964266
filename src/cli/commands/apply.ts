import { Args, Flags as Options } from '@oclif/core';
import { applyPlanned, loadPlanned, planFromProgram, type Planned } from '../../engine.js';
import { amend, confirm, refuseWhileWaiting, undoUnconfirmed } from '../../engine/unconfirmed.js';
import { PlumbError } from '../../model/error.js';
import { renderPlan } from '../../report/terminal.js';
import { askYes, mustAgree } from '../ask.js';
import { PlumbCommand } from '../base.js';
import { carryOut, type CarryOutOptions } from '../carry-out.js';
import { nodeFlag, parseDuration, quietFlag, yesFlag } from '../flags.js';
import { whilePlanning } from '../planning.js';
import { onStop } from '../signals.js';
import { watchApply } from '../watcher/start.js';

/** Milliseconds that a watcher leaves to those who are asked. */
const GRACE = 2000;

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
    'confirm-within': Options.string({
      description: 'undo everything unless confirmed within this time (60s, 5m) after it is done',
      helpValue: 'T',
    }),
    quiet: quietFlag,
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Apply);
    const confirmMs = this.confirmTime(flags['confirm-within']);
    await refuseWhileWaiting(flags);
    const plan = (): Promise<Planned> => planFromProgram(args.program, flags);
    const planned = args.program.endsWith('.json')
      ? await loadPlanned(args.program)
      : await (flags.quiet ? plan() : whilePlanning(plan));
    for (const warning of planned.desired?.warnings ?? []) this.warn(warning);
    const shown = { colour: this.colour, width: this.width };
    this.say(flags, renderPlan(planned.plan, planned.traffic, shown, planned.lints));
    const { steps } = planned.plan;
    if (steps.length === 0) {
      await applyPlanned(planned, flags);
      return { applied: 0, undone: false };
    }
    if (!flags.yes) await mustAgree('Apply this?');
    if (confirmMs === undefined) await carryOut(planned, flags);
    else await this.carryOutWatched(planned, flags);
    this.say(flags, `\napplied: ${String(steps.length)} step${steps.length === 1 ? '' : 's'}`);
    if (confirmMs === undefined) return { applied: steps.length, undone: false };
    return await this.settle(steps.length, confirmMs, flags);
  }

  /** Has somebody undo it unless it is confirmed, whatever becomes of this process. */
  private async carryOutWatched(planned: Planned, flags: CarryOutOptions): Promise<void> {
    const watch = { isOn: false };
    try {
      await carryOut(planned, flags, async () => {
        await watchApply(planned, flags);
        watch.isOn = true;
      });
    } catch (error) {
      // What is as it was before needs nobody to undo it.
      const code = error instanceof PlumbError ? error.code : undefined;
      if (watch.isOn && code !== 'PLB_UNDO' && code !== 'PLB_VERIFY') await confirm(flags);
      throw error;
    }
  }

  /** Asks on a terminal; without one `plumb confirm` is to be said somewhere. */
  private async settle(applied: number, ms: number, flags: CarryOutOptions): Promise<unknown> {
    // Nothing that ends a question may end the undo after it, too.
    const release = onStop(() => undefined);
    try {
      const isAsked = process.stdin.isTTY;
      // Who is asked here undoes it here, unless this process is gone by then.
      const deadline = Date.now() + ms + (isAsked ? GRACE : 0);
      if (!(await amend(flags, { deadline }))) return this.settledElsewhere(applied, flags);
      if (isAsked) return await this.ask(applied, ms, flags);
      const until = new Date(deadline).toISOString();
      this.say(flags, `not confirmed yet: undone at ${until} unless plumb confirm is said`);
      return { applied, undone: false, confirmUntil: until };
    } finally {
      release();
    }
  }

  private async ask(applied: number, ms: number, flags: CarryOutOptions): Promise<unknown> {
    const question = `Keep it? Undone in ${String(ms / 1000)} s without "yes" (or plumb confirm): `;
    if ((await askYes(question, ms)) && (await confirm(flags))) return { applied, undone: false };
    if (!(await undoUnconfirmed(flags))) return this.settledElsewhere(applied, flags);
    this.say(flags, 'not confirmed: everything is as it was before');
    process.exitCode = 1;
    return { applied: 0, undone: true };
  }

  private settledElsewhere(applied: number, flags: CarryOutOptions): unknown {
    this.say(flags, 'settled elsewhere: plumb plan shows what the node holds');
    return { applied, undone: false };
  }

  private confirmTime(text: string | undefined): number | undefined {
    if (text === undefined) return undefined;
    const ms = parseDuration(text);
    if (ms !== undefined && ms > 0) return ms;
    throw new PlumbError('PLB_CONFIRM', `--confirm-within does not understand "${text}"`, {
      hint: 'Give a time such as 60s or 5m.',
    });
  }
}

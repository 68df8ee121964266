import { Command, Flags } from '@oclif/core';
import { errorToJson, listErrors, renderErrors } from '../report/errors.js';

/** What every command shares: which node, how errors look, which exit code they give. */
export abstract class PlumbCommand extends Command {
  static override enableJsonFlag = true;

  static override baseFlags = {
    netns: Flags.string({
      description: 'network namespace that is the node (a name in /run/netns, or a path)',
      helpGroup: 'GLOBAL',
      helpValue: 'NAME',
    }),
    root: Flags.string({
      description:
        'where pins, locks and sockets live, instead of /sys/fs/bpf/plumb and /run/plumb',
      helpGroup: 'GLOBAL',
      helpValue: 'DIR',
    }),
  };

  protected override async init(): Promise<void> {
    await super.init();
    // A terminal that goes away must not end an apply or its undo half-way (EIO, EPIPE).
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  }

  /** Whether standard output takes colours: a terminal, and NO_COLOR is not set. */
  protected get colour(): boolean {
    return process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  }

  protected get width(): number {
    return process.stdout.isTTY ? process.stdout.columns : 100;
  }

  /** For people, unless they want to hear only what went wrong. */
  protected say({ quiet }: { readonly quiet: boolean }, text: string): void {
    if (!quiet) this.log(text);
  }

  /** Every failure exits with 1: 2 means "changes present" and must never be an accident. */
  protected override catch(error: Error): Promise<void> {
    if ('oclif' in error && (error as { code?: string }).code === 'EEXIT') throw error;
    const errors = listErrors(error);
    if (this.jsonEnabled()) this.logJson({ errors: errors.map(errorToJson) });
    else {
      const colour = process.stderr.isTTY && process.env['NO_COLOR'] === undefined;
      process.stderr.write(`${renderErrors(errors, { colour })}\n`);
      if (process.env['PLUMB_DEBUG'] !== undefined) process.stderr.write(`${error.stack ?? ''}\n`);
    }
    // As a shell has it for who was interrupted: 128 + SIGINT.
    process.exitCode = errors.some(({ code }) => code === 'PLB_INTERRUPTED') ? 130 : 1;
    return Promise.resolve();
  }
}

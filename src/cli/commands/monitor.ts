import { Flags } from '@oclif/core';
import { openMonitor } from '../../engine/monitor.js';
import { renderEvent } from '../../report/event.js';
import { PlumbCommand } from '../base.js';

export default class Monitor extends PlumbCommand {
  static override summary = 'Show drops and verdicts as they happen, with the rule and its line.';
  static override flags = {
    verdict: Flags.string({ description: 'only these', options: ['allowed', 'denied', 'audited'] }),
    once: Flags.boolean({ description: 'show what is waiting in the ring buffer, then stop' }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Monitor);
    const json = this.jsonEnabled();
    const events: unknown[] = [];
    const monitor = await openMonitor(flags, (event) => {
      if (flags.verdict !== undefined && event.verdict !== flags.verdict) return;
      if (flags.once && json) events.push(event);
      else if (json) process.stdout.write(`${JSON.stringify(event)}\n`);
      else this.log(renderEvent(event, { colour: this.colour }));
    });
    try {
      if (flags.once) monitor.drain();
      else await this.untilSignal();
    } finally {
      monitor.close();
    }
    return events;
  }

  private untilSignal(): Promise<void> {
    return new Promise((resolve) => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
    });
  }
}

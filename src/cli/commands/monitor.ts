import { Flags } from '@oclif/core';
import { openMonitor, type Monitor as Listening } from '../../engine/monitor.js';
import { eventFilter, VERDICT_WORDS } from '../../report/event-filter.js';
import {
  renderEvent,
  renderLost,
  type ExplainedEvent,
  type LostEvents,
} from '../../report/event.js';
import { renderRequest, type ExplainedRequest } from '../../report/request.js';
import { PlumbCommand } from '../base.js';
import { PcapFile } from '../pcap-file.js';

export default class Monitor extends PlumbCommand {
  static override summary = 'Show drops and verdicts as they happen, with the rule and its line.';
  static override description =
    'Packets, and requests of layer 7. Begins with what the ring buffer still holds. With --json each line is an object of its own, or one array with --once. All filters must hold; see docs/observability.md.';
  static override flags = {
    endpoint: Flags.string({
      description: 'only packets of this endpoint, by name or labels (k=v,k=v)',
      helpValue: 'WHO',
    }),
    peer: Flags.string({
      description: 'only packets whose other side is this: name, labels, address, CIDR or entity',
      helpValue: 'WHO',
    }),
    verdict: Flags.string({
      description: 'only these: allow, deny, audit or redirect',
      options: Object.keys(VERDICT_WORDS),
      helpValue: 'VERDICT',
    }),
    port: Flags.string({
      description: 'only this port on either side: 80, 80/TCP, or ICMP/8',
      helpValue: 'PORT[/PROTO]',
    }),
    count: Flags.integer({ description: 'stop after so many events', min: 1, helpValue: 'N' }),
    hex: Flags.boolean({ description: 'show the first bytes of packets (eventBytes of the node)' }),
    pcap: Flags.string({
      description: 'also write the packets to a file for tcpdump and Wireshark',
      helpValue: 'FILE',
    }),
    once: Flags.boolean({ description: 'show what is waiting in the ring buffer, then stop' }),
  };

  private readonly collected: (ExplainedEvent | ExplainedRequest)[] = [];
  private isStream = false;

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Monitor);
    const { count = Infinity, once } = flags;
    const isWanted = eventFilter(flags);
    this.isStream = !once;
    const pcap = flags.pcap === undefined ? undefined : new PcapFile(flags.pcap);
    let shown = 0;
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let monitor: Listening | undefined;
    try {
      monitor = await openMonitor(flags, {
        onEvent: (event) => {
          if (shown >= count || !isWanted(event)) return;
          pcap?.write(event);
          this.show(event, flags.hex);
          if (++shown >= count) finish();
        },
        onRequest: (request) => {
          if (shown >= count || !isWanted(request)) return;
          this.show(request, false);
          if (++shown >= count) finish();
        },
        onLost: (lost) => {
          this.showLost(lost);
        },
      });
      if (once) monitor.drain();
      else await Promise.race([finished, this.untilSignal()]);
    } finally {
      monitor?.close();
      pcap?.close();
    }
    return this.collected;
  }

  /** Of a stream every line is said already. */
  protected override logJson(json: unknown): void {
    if (!this.isStream || json !== this.collected) super.logJson(json);
  }

  private show(event: ExplainedEvent | ExplainedRequest, hex: boolean): void {
    if (!this.jsonEnabled()) {
      const { colour } = this;
      const isPacket = event.type === 'packet';
      this.log(isPacket ? renderEvent(event, { colour, hex }) : renderRequest(event, { colour }));
    } else if (this.isStream) process.stdout.write(`${JSON.stringify(event)}\n`);
    else this.collected.push(event);
  }

  private showLost(lost: LostEvents): void {
    if (this.jsonEnabled() && this.isStream) process.stdout.write(`${JSON.stringify(lost)}\n`);
    else process.stderr.write(`${renderLost(lost, { colour: this.colour })}\n`);
  }

  private untilSignal(): Promise<void> {
    return new Promise((resolve) => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
    });
  }
}

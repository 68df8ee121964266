import { startDnsProxy, type RunningDNSProxy } from '../kernel/dns-proxy.js';
import { netnsPath } from '../kernel/instance.js';
import type { DNSListener } from '../model/l7.js';
import type { Learned } from '../proxy/dns/answer.js';
import { recordOfDNS } from '../proxy/record.js';
import { PROXY_WAYS } from '../state/proxy-names.js';
import type { Attributes, ListenerSpec } from '../state/state.js';
import type { Records } from './records.js';
import type { Sockets } from './sockets.js';

export interface DNSOptions {
  readonly records: Records;
  readonly onLearned: (learned: Learned) => Promise<void>;
}

/** The DNS proxy of one namespace, which takes the sockets of its listeners. */
export class DNS {
  #running: RunningDNSProxy | undefined;

  constructor(
    private readonly netns: string,
    private readonly options: DNSOptions,
  ) {}

  run({ listeners }: Attributes['proxy'], sockets: Sockets, opened: readonly number[]): void {
    const own = listeners.filter(isDNS);
    const fresh = own.filter(({ id }) => opened.includes(id));
    const given = new Map(
      fresh.map(({ id }) => {
        const { tcp, udp = -1 } = sockets.give(id);
        return [id, { tcp, udp }];
      }),
    );
    if (this.#running !== undefined) {
      this.#running.update(own.map(listenerOf), given);
    } else if (own.length > 0) {
      this.#running = startDnsProxy({
        netns: netnsPath(this.netns),
        device: PROXY_WAYS.egress.inside,
        listeners: own.map(listenerOf),
        sockets: given,
        onLearned: this.options.onLearned,
        onRecord: (record) => {
          this.options.records.add(recordOfDNS(record, Date.now()));
        },
      });
    }
  }

  close(): void {
    this.#running?.close();
    this.#running = undefined;
  }
}

function isDNS({ protocol }: ListenerSpec): boolean {
  return protocol === 'dns';
}

function listenerOf({ rules, ...rest }: ListenerSpec): DNSListener {
  const listed = rules.map((rule) => ({ rule, origins: [] }));
  return { ...rest, rules: listed } as unknown as DNSListener;
}

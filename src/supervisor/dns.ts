import { startDnsProxy, type RunningDNSProxy } from '../kernel/dns-proxy.js';
import type { DNSListener } from '../model/l7.js';
import type { Learned } from '../proxy/dns/answer.js';
import { recordOfDNS } from '../proxy/record.js';
import { proxyWays, type RedirectMode } from '../state/proxy-names.js';
import type { Attributes, ListenerSpec } from '../state/state.js';
import type { Records } from './records.js';
import type { Sockets } from './sockets.js';

export interface DNSOptions {
  /** Path of the namespace that it is in. */
  readonly netns: string | undefined;
  readonly mode: RedirectMode;
  /** Directory of the pinned maps. */
  readonly maps: string;
  readonly records: Records;
  readonly onLearned: (learned: Learned) => Promise<void>;
}

/** The DNS proxy of one namespace, which takes the sockets of its listeners. */
export class DNS {
  #running: RunningDNSProxy | undefined;

  constructor(private readonly options: DNSOptions) {}

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
      const { netns, mode, maps } = this.options;
      this.#running = startDnsProxy({
        ...(netns === undefined ? {} : { netns }),
        ...(mode === 'nat' ? { redirects: maps } : {}),
        device: proxyWays(mode).egress.inside,
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

import type { DNSListener } from '../model/l7.js';
import type { Learned } from '../proxy/dns/answer.js';
import type { DNSLimits } from '../proxy/dns/limits.js';
import { DNSProxy, type ListenerSockets } from '../proxy/dns/proxy.js';
import type { DNSRecord } from '../proxy/dns/record.js';
import { kernelSockets, type DNSPlace } from './dns-sockets.js';

export interface DNSProxyInput extends DNSPlace {
  readonly listeners: readonly DNSListener[];
  /** Transparent sockets, bound and listening, by the listener's id. The proxy closes them. */
  readonly sockets: ReadonlyMap<number, ListenerSockets>;
  /** Done before the client hears of the addresses (`NameKeeper.learned`); else it gets SERVFAIL. */
  readonly onLearned: (learned: Learned) => Promise<void>;
  readonly onRecord: (record: DNSRecord) => void;
  readonly limits?: Partial<DNSLimits>;
}

export interface RunningDNSProxy {
  /** Sockets are needed for listeners that are new only. Queries to those that stay are not disturbed. */
  update(listeners: readonly DNSListener[], sockets: ReadonlyMap<number, ListenerSockets>): void;
  close(): void;
}

/**
 * Answers the queries that come to the listeners' sockets.
 * @throws RangeError for a listener that is new and has no sockets
 */
export function startDnsProxy(input: DNSProxyInput): RunningDNSProxy {
  const { onLearned, onRecord, limits = {} } = input;
  const proxy = new DNSProxy({ sockets: kernelSockets(input), onLearned, onRecord, limits });
  const update: RunningDNSProxy['update'] = (listeners, sockets) => {
    proxy.update(listeners, ({ id }) => {
      const found = sockets.get(id);
      if (found === undefined) throw new RangeError(`no sockets for listener ${String(id)}`);
      return found;
    });
  };
  update(input.listeners, input.sockets);
  return {
    update,
    close: () => {
      proxy.close();
    },
  };
}

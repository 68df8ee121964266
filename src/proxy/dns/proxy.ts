import type { DNSListener } from '../../model/l7.js';
import { Handler, type HandlerOptions } from './handler.js';
import { DNS_LIMITS, Places, type DNSLimits } from './limits.js';
import type { Sockets } from './sockets.js';
import { serveStreams } from './tcp.js';
import { serveDatagrams } from './udp.js';

/** The two sockets of a listener; the proxy closes them with it. */
export interface ListenerSockets {
  readonly udp: number;
  readonly tcp: number;
}

export interface DNSProxyOptions extends Omit<HandlerOptions, 'limits'> {
  readonly sockets: Sockets;
  readonly limits?: Partial<DNSLimits>;
}

/** Answers the queries of every listener: by the server that was asked, or not at all. */
export class DNSProxy {
  readonly #options: DNSProxyOptions;
  readonly #limits: DNSLimits;
  readonly #handler: Handler;
  readonly #connections: Places;
  readonly #served = new Map<number, { close(): void }>();

  constructor(options: DNSProxyOptions) {
    this.#options = options;
    this.#limits = { ...DNS_LIMITS, ...options.limits };
    this.#handler = new Handler({ ...options, limits: this.#limits });
    const { connections, connectionsPerClient } = this.#limits;
    this.#connections = new Places(connections, connectionsPerClient);
  }

  /**
   * From now on serves these listeners, those that it serves already without an interruption (a
   * listener's id is a hash of its rules). `socketsOf` is asked for the sockets of those that are new.
   */
  update(
    listeners: readonly DNSListener[],
    socketsOf: (listener: DNSListener) => ListenerSockets,
  ): void {
    const wanted = new Set(listeners.map(({ id }) => id));
    for (const [id, served] of this.#served) {
      if (wanted.has(id)) continue;
      served.close();
      this.#served.delete(id);
    }
    for (const listener of listeners) {
      if (!this.#served.has(listener.id)) {
        this.#served.set(listener.id, this.#serve(listener, socketsOf(listener)));
      }
    }
  }

  close(): void {
    this.update([], () => {
      throw new RangeError('no listener is left to serve');
    });
  }

  #serve(listener: DNSListener, { udp, tcp }: ListenerSockets): { close(): void } {
    const options = {
      ...{ sockets: this.#options.sockets, handler: this.#handler },
      ...{ limits: this.#limits, listener, connections: this.#connections },
    };
    const served = [serveDatagrams(udp, options), serveStreams(tcp, options)];
    return {
      close: () => {
        for (const one of served) one.close();
      },
    };
  }
}

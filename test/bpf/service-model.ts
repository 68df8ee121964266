import type { Name } from './flow-model.js';

/** Where a service leads to: whose port is another one than the service's. */
export interface ModelBackend {
  readonly name: Name;
  readonly port: number;
}

export interface ModelService {
  /** What new flows may get. */
  readonly backends: readonly ModelBackend[];
  /** What keeps the flows that it has, and clients that stay with it. */
  readonly draining: readonly ModelBackend[];
  readonly affinity: boolean;
}

/** A packet to a service, as far as choosing goes. */
export interface Asked {
  readonly client: Name;
  readonly protocol: 'tcp' | 'udp';
  readonly clientPort: number;
  readonly port: number;
  /** Opens a connection. */
  readonly opening: boolean;
  /** Ends one. */
  readonly closes: boolean;
}

/** What the datapath took for a packet. */
export type Drawn = (asked: Asked) => ModelBackend | undefined;

/** The back-end of a packet; `remember` keeps the flow on it, once it is allowed. */
export interface Chosen {
  readonly backend: ModelBackend;
  readonly remember?: () => void;
}

interface ServiceFlow {
  readonly backend: ModelBackend;
  epoch: number;
  closing: boolean;
}

/** What services are to do, without a hash and without a slot. */
export class ServiceModel {
  #services = new Map<number, ModelService>();
  #flows = new Map<string, ServiceFlow>();
  #clients = new Map<string, ModelBackend>();
  /** How often a client, or a flow, stayed although its back-end takes no new ones. */
  stayed = 0;

  set(port: number, service: ModelService): void {
    this.#services.set(port, service);
  }

  /** Flows are forgotten, clients are not. */
  expire(): void {
    this.#flows.clear();
  }

  /**
   * `drawn` says what the datapath took, and is asked only where it is free to draw.
   * Undefined: the packet is dropped.
   */
  choose(asked: Asked, epoch: number, drawn: Drawn): Chosen | undefined {
    const { protocol, client, port, opening, closes } = asked;
    const key = [protocol, client, asked.clientPort, port].join(' ');
    const service = this.#services.get(port);
    const known = this.#flows.get(key);
    if (known !== undefined && !(opening && known.closing)) {
      const isMember = service !== undefined && isOneOf(known.backend, members(service));
      if (known.epoch === epoch || protocol === 'tcp' || isMember) {
        known.epoch = epoch;
        known.closing ||= closes;
        if (!isOneOf(known.backend, service?.backends ?? [])) this.stayed++;
        return known;
      }
    }
    if (service === undefined || service.backends.length === 0) return undefined;
    const backend = this.#draw(`${protocol} ${String(port)} ${client}`, service, () =>
      drawn(asked),
    );
    const flow = { backend, epoch, closing: closes };
    return { backend, remember: () => this.#flows.set(key, flow) };
  }

  #draw(key: string, service: ModelService, take: () => ModelBackend | undefined): ModelBackend {
    const before = this.#clients.get(key);
    if (service.affinity && before !== undefined && isOneOf(before, members(service))) {
      if (!isOneOf(before, service.backends)) this.stayed++;
      return before;
    }
    const drawn = take();
    if (drawn === undefined || !isOneOf(drawn, service.backends))
      throw new Error(`no back-end of the service: ${JSON.stringify(drawn)}`);
    if (service.affinity) this.#clients.set(key, drawn);
    return drawn;
  }
}

function members({ backends, draining }: ModelService): readonly ModelBackend[] {
  return [...backends, ...draining];
}

function isOneOf({ name, port }: ModelBackend, all: readonly ModelBackend[]): boolean {
  return all.some((one) => one.name === name && one.port === port);
}

import { ServiceModel, type Asked, type Drawn, type ModelService } from './service-model.js';

/** Who is in the model: two endpoints of the node, one of another node, the host, and the world. */
export type Name = 'a' | 'b' | 'r' | 'h' | 'w';
export type Protocol = 'tcp' | 'udp' | 'echo';

/** An echo has its id for the port of the side that asks, and 0 for the other's. */
export interface Ends {
  readonly from: Name | 'vip';
  readonly fromPort: number;
  readonly to: Name | 'vip';
  readonly toPort: number;
}

/** From a name to a name or, with `vip`, to the service at that port. */
export interface Sent extends Ends {
  readonly from: Name;
  readonly protocol: Protocol;
  /** Letters of FSRPA, for TCP. */
  readonly flags: string;
  /** A piece of a packet with that id. Of a later one nothing counts but addresses and protocol. */
  readonly fragment?: { readonly isFirst: boolean; readonly id: number };
}

/** Ends of a packet as they are to be on the wire behind the datapath; undefined: dropped. */
export type Expected = Ends | undefined;

/** An ICMP error behind the datapath, and the packet that it carries. */
export interface ExpectedError {
  readonly from: Name | 'vip';
  readonly about: Ends;
}

/** Whether rules let one side send to, or get from, another at a port; by policy (buffer). */
export type Allows = (
  buffer: number,
  subject: Name,
  direction: 'ingress' | 'egress',
  peer: Name,
  port: number | 'echo',
) => boolean;

interface Flow {
  readonly protocol: Protocol;
  readonly opener: Ends;
  epoch: number;
  closing: boolean;
  /** The service's port, of a flow to a back-end. */
  readonly service: number | undefined;
  readonly hairpin: boolean;
}

/**
 * What conntrack, services and fragments are to do, said once more in the plainest way: nothing here
 * knows of tuples, hashes or maps of the datapath.
 */
export class FlowModel {
  readonly services = new ServiceModel();
  #flows: Flow[] = [];
  #fragments = new Map<string, Pick<Ends, 'fromPort' | 'toPort'>>();
  #epoch = 0;
  #buffer = 0;

  /** `isHostFree`: the host may reach every endpoint of its node. */
  constructor(
    private readonly allows: Allows,
    private readonly isHostFree: boolean,
  ) {}

  /** Another policy, or the same one judged anew. */
  commit(buffer: number): void {
    this.#epoch++;
    this.#buffer = buffer;
  }

  setService(port: number, service: ModelService): void {
    this.#epoch++;
    this.services.set(port, service);
  }

  expire(): void {
    this.#flows = [];
    this.services.expire();
  }

  /** `drawn` says which back-end the datapath took, where it was free to draw one. */
  send(sent: Sent, drawn: Drawn): Expected {
    const { from, to, protocol } = sent;
    if (from === 'r' && to === 'h') return this.#passToHost(sent);
    const ports = this.#portsOf(sent);
    if (ports === undefined) return undefined;
    const opening = isOpening(sent);
    const closes = isClosing(sent);
    let ends: Ends = { from, to, ...ports };
    let service: number | undefined;
    let hairpin = false;
    let remember: (() => void) | undefined;
    if (to === 'vip' && this.#find(protocol, ends, opening) === undefined) {
      if (protocol === 'echo') return undefined;
      service = ends.toPort;
      const asked: Asked = {
        ...{ client: from, protocol, opening, closes },
        ...{ clientPort: ends.fromPort, port: service },
      };
      const chosen = this.services.choose(asked, this.#epoch, drawn);
      if (chosen === undefined) return undefined;
      ({ remember } = chosen);
      const { name, port } = chosen.backend;
      hairpin = name === from;
      ends = { ...ends, from: hairpin ? 'vip' : from, to: name, toPort: port };
    }
    const found = this.#find(protocol, ends, opening);
    const isReply = found !== undefined && !sameStart(found.opener, ends);
    if (found === undefined || found.epoch !== this.#epoch || remember !== undefined) {
      const free = hairpin || found?.hairpin === true || ends.from === ends.to;
      if (!free && !this.#allowed(protocol, isReply ? found.opener : ends)) {
        this.#forget(found);
        return undefined;
      }
      remember?.();
      this.#flows = this.#flows.filter((one) => one.protocol !== protocol || !samePair(one, ends));
      const flow: Flow = {
        protocol,
        opener: isReply ? found.opener : ends,
        epoch: this.#epoch,
        closing: found?.closing === true || closes,
        service: service ?? found?.service,
        hairpin: hairpin || found?.hairpin === true,
      };
      this.#flows.push(flow);
      return this.#leaving(sent, isReply ? answered(flow, ends) : ends);
    }
    found.closing ||= closes;
    return this.#leaving(sent, isReply ? answered(found, ends) : ends);
  }

  /** What `by` says about a packet as it left the datapath, to whom that packet is from. */
  error(by: Name, protocol: Protocol, about: Ends): ExpectedError | undefined {
    if (about.from === 'vip') return undefined;
    const flow = this.#flows.find((one) => one.protocol === protocol && samePair(one, about));
    if (flow === undefined || about.from === about.to)
      return by === 'h' && this.isHostFree ? { from: by, about } : undefined;
    if (flow.epoch !== this.#epoch) {
      // An endpoint is known by its device, anybody else by the packet that the error is about.
      const end = isLocal(by) ? by : about.to;
      const { from, to } = flow.opener;
      const judged = {
        ...flow.opener,
        from: from === about.to ? end : from,
        to: to === about.to ? end : to,
      };
      if (!this.#allowed(protocol, judged)) return undefined;
    }
    if (flow.service === undefined) return { from: by, about };
    if (!sameStart(flow.opener, about)) return undefined;
    return {
      from: by === about.to ? 'vip' : by,
      about: { ...about, to: 'vip', toPort: flow.service },
    };
  }

  /** Nothing is judged there; but a back-end elsewhere answers the host as its service. */
  #passToHost(sent: Sent): Expected {
    const { protocol, from, fromPort, to, toPort } = sent;
    const ends = { from, fromPort, to, toPort };
    const found =
      sent.fragment === undefined ? this.#find(protocol, ends, isOpening(sent)) : undefined;
    if (found?.service === undefined || sameStart(found.opener, ends)) return ends;
    found.closing ||= isClosing(sent);
    return answered(found, ends);
  }

  /** A later fragment has the ports of the first, or nowhere to go. */
  #portsOf({ fragment, protocol, from, to, fromPort, toPort }: Sent) {
    const ports = { fromPort, toPort };
    if (fragment === undefined) return ports;
    const key = [protocol, from, to, fragment.id].join(' ');
    if (fragment.isFirst) this.#fragments.set(key, ports);
    return this.#fragments.get(key);
  }

  /** For the world a service has the back-ends of this node only. */
  #leaving({ from, to }: Sent, ends: Ends): Expected {
    return from === 'w' && to === 'vip' && !isLocal(ends.to) ? undefined : ends;
  }

  #find(protocol: Protocol, ends: Ends, opening: boolean): Flow | undefined {
    const found = this.#flows.find((one) => one.protocol === protocol && samePair(one, ends));
    if (found === undefined) return undefined;
    if (opening && (found.closing || !sameStart(found.opener, ends))) return undefined;
    return found;
  }

  #forget(flow: Flow | undefined): void {
    this.#flows = this.#flows.filter((one) => one !== flow);
  }

  #allowed(protocol: Protocol, { from, to, toPort }: Ends): boolean {
    if (from === 'vip' || to === 'vip') return false;
    const port = protocol !== 'echo' ? toPort : toPort === 0 ? 'echo' : -1;
    if (isLocal(from) && !this.allows(this.#buffer, from, 'egress', to, port)) return false;
    if (!isLocal(to) || (from === 'h' && this.isHostFree)) return true;
    return this.allows(this.#buffer, to, 'ingress', from, port);
  }
}

/** Whether policies of this node are about it. */
export function isLocal(name: Ends['to']): name is 'a' | 'b' {
  return name === 'a' || name === 'b';
}

/** Of later fragments no flags are known. */
function isWithFlags({ protocol, fragment }: Sent): boolean {
  return protocol === 'tcp' && fragment?.isFirst !== false;
}

function isOpening(sent: Sent): boolean {
  return isWithFlags(sent) && sent.flags === 'S';
}

function isClosing(sent: Sent): boolean {
  return isWithFlags(sent) && /[FR]/.test(sent.flags);
}

function sameStart(a: Ends, b: Ends): boolean {
  return a.from === b.from && a.fromPort === b.fromPort && a.to === b.to && a.toPort === b.toPort;
}

export function reversed({ from, fromPort, to, toPort }: Ends): Ends {
  return { from: to, fromPort: toPort, to: from, toPort: fromPort };
}

function samePair({ opener }: Flow, ends: Ends): boolean {
  return sameStart(opener, ends) || sameStart(reversed(opener), ends);
}

/** A reply of a back-end looks like one of the service. */
function answered({ service, hairpin }: Flow, ends: Ends): Ends {
  if (service === undefined) return ends;
  return { ...ends, from: 'vip', fromPort: service, to: hairpin ? ends.from : ends.to };
}

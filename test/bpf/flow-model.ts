/** Who is in the model: two endpoints of the node, one of another node. */
export type Name = 'a' | 'b' | 'r';
export type Protocol = 'tcp' | 'udp';

/** From a name to a name or, with `vip`, to the service at that port. */
export interface Sent {
  readonly from: Name;
  readonly to: Name | 'vip';
  readonly protocol: Protocol;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Letters of FSRPA, for TCP. */
  readonly flags: string;
}

/** Ends of a packet as they are to be on the wire behind the datapath; undefined: dropped. */
export type Expected = Ends | undefined;

interface Ends {
  readonly from: Name | 'vip';
  readonly fromPort: number;
  readonly to: Name | 'vip';
  readonly toPort: number;
}

/** Whether rules let one side send to, or get from, another at a port; by policy (buffer). */
export type Allows = (
  buffer: number,
  subject: Name,
  direction: 'ingress' | 'egress',
  peer: Name,
  port: number,
) => boolean;

interface Flow {
  opener: Ends;
  epoch: number;
  closing: boolean;
  /** The service's port, of a flow to a back-end. */
  service?: number;
  hairpin: boolean;
}

interface ServiceFlow {
  backend: Name;
  epoch: number;
  closing: boolean;
}

/**
 * What conntrack and services are to do, said once more in the plainest way: nothing here knows of
 * tuples, hashes or maps of the datapath.
 */
export class FlowModel {
  #flows: { readonly protocol: Protocol; readonly flow: Flow }[] = [];
  #serviceFlows = new Map<string, ServiceFlow>();
  #epoch = 0;
  #buffer = 0;
  #backends = new Map<number, Name>();

  constructor(private readonly allows: Allows) {}

  /** Another policy, or the same one judged anew. */
  commit(buffer: number): void {
    this.#epoch++;
    this.#buffer = buffer;
  }

  setBackend(port: number, backend: Name): void {
    this.#epoch++;
    this.#backends.set(port, backend);
  }

  expire(): void {
    this.#flows = [];
    this.#serviceFlows.clear();
  }

  send(sent: Sent): Expected {
    const { from, protocol, sourcePort: fromPort, destinationPort } = sent;
    const opening = protocol === 'tcp' && sent.flags === 'S';
    const closes = protocol === 'tcp' && /[FR]/.test(sent.flags);
    let ends: Ends = { from, fromPort, to: sent.to, toPort: destinationPort };
    let remember: (() => void) | undefined;
    let service: number | undefined;
    let hairpin = false;
    const direct = this.#find(protocol, ends, opening);
    if (sent.to === 'vip' && direct === undefined) {
      const key = `${protocol} ${from} ${String(fromPort)} ${String(destinationPort)}`;
      let known = this.#serviceFlows.get(key);
      if (opening && known?.closing === true) known = undefined;
      const current = this.#backends.get(destinationPort);
      const keeps =
        known !== undefined &&
        (known.epoch === this.#epoch || protocol === 'tcp' || known.backend === current);
      if (keeps && known !== undefined) {
        known.epoch = this.#epoch;
        known.closing ||= closes;
      }
      const backend = keeps ? known?.backend : current;
      if (backend === undefined) return undefined;
      if (!keeps) {
        const made = { backend, epoch: this.#epoch, closing: closes };
        remember = () => this.#serviceFlows.set(key, made);
      }
      service = destinationPort;
      hairpin = backend === from;
      ends = { ...ends, from: hairpin ? 'vip' : from, to: backend };
    }
    const found = this.#find(protocol, ends, opening);
    const isReply = found !== undefined && !sameStart(found.opener, ends);
    if (found === undefined || found.epoch !== this.#epoch || remember !== undefined) {
      const judged = found === undefined || !isReply ? ends : found.opener;
      const free = hairpin || found?.hairpin === true || ends.from === ends.to;
      if (!free && !this.#allowed(judged)) {
        if (found !== undefined) this.#forget(found);
        return undefined;
      }
      remember?.();
      this.#forget(found);
      this.#flows = this.#flows.filter(
        (one) => one.protocol !== protocol || !samePair(one.flow.opener, ends),
      );
      const kept = found ?? { opener: ends, closing: false, hairpin };
      const flow: Flow = {
        opener: isReply ? kept.opener : ends,
        epoch: this.#epoch,
        closing: kept.closing || closes,
        hairpin: hairpin || kept.hairpin,
        ...(service === undefined ? {} : { service }),
        ...(service === undefined && found?.service !== undefined
          ? { service: found.service }
          : {}),
      };
      this.#flows.push({ protocol, flow });
      return isReply ? answered(flow, ends) : ends;
    }
    found.closing ||= closes;
    return isReply ? answered(found, ends) : ends;
  }

  #find(protocol: Protocol, ends: Ends, opening: boolean): Flow | undefined {
    const found = this.#flows.find(
      (one) => one.protocol === protocol && samePair(one.flow.opener, ends),
    )?.flow;
    if (found === undefined) return undefined;
    if (opening && (found.closing || !sameStart(found.opener, ends))) return undefined;
    return found;
  }

  #forget(flow: Flow | undefined): void {
    this.#flows = this.#flows.filter((one) => one.flow !== flow);
  }

  #allowed({ from, to, toPort }: Ends): boolean {
    if (from === 'vip' || to === 'vip') return false;
    const out = from === 'r' || this.allows(this.#buffer, from, 'egress', to, toPort);
    return out && (to === 'r' || this.allows(this.#buffer, to, 'ingress', from, toPort));
  }
}

function sameStart(a: Ends, b: Ends): boolean {
  return a.from === b.from && a.fromPort === b.fromPort && a.to === b.to && a.toPort === b.toPort;
}

function reversed({ from, fromPort, to, toPort }: Ends): Ends {
  return { from: to, fromPort: toPort, to: from, toPort: fromPort };
}

function samePair(a: Ends, b: Ends): boolean {
  return sameStart(a, b) || sameStart(reversed(a), b);
}

/** A reply of a back-end looks like one of the service. */
function answered({ service, hairpin }: Flow, ends: Ends): Ends {
  if (service === undefined) return ends;
  return { ...ends, from: 'vip', fromPort: service, to: hairpin ? ends.from : ends.to };
}

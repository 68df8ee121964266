import { protocolName } from '../model/port.js';
import type { EventPeer, EventPolicy, ExplainedEvent } from '../report/event.js';
import type { PacketEvent } from '../kernel/events.js';
import { causesOf, explainDirection } from '../verdict/explain.js';
import type { Where } from '../engine.js';
import { labelsById, readCompiled, type Compiled } from './provenance.js';

export interface Monitor {
  /** Hands on what is waiting in the ring buffer now. */
  drain(): number;
  close(): void;
}

/** Listens to a node's events until closed, told in the words of the program that is applied. */
export async function openMonitor(
  where: Where,
  onEvent: (event: ExplainedEvent) => void,
): Promise<Monitor> {
  const [{ openInstance }, { openEvents }, { readProvenance }] = await Promise.all([
    import('../kernel/instance.js'),
    import('../kernel/events.js'),
    import('../apply/provenance.js'),
  ]);
  const instance = openInstance(where);
  const applied = readCompiled(await readProvenance(instance));
  return openEvents(instance, (event) => {
    onEvent(explainEvent(event, applied));
  });
}

export function explainEvent(event: PacketEvent, applied: Compiled | undefined): ExplainedEvent {
  const { time, reason, direction, protocol, length, ifindex } = event;
  const source = { address: event.source, port: event.sourcePort, identity: event.sourceIdentity };
  const destination = {
    address: event.destination,
    port: event.destinationPort,
    identity: event.destinationIdentity,
  };
  const denied = event.verdict !== 'allow';
  return {
    time: String(time),
    verdict: denied ? 'denied' : reason === 'forwarded' ? 'allowed' : 'audited',
    reason,
    direction,
    protocol: protocolName(protocol),
    source: peerOf(source, applied),
    destination: peerOf(destination, applied),
    ifindex,
    length,
    policies: applied === undefined ? [] : policiesOf(event, applied),
  };
}

function policiesOf(event: PacketEvent, { policy }: Compiled): EventPolicy[] {
  const { reason, direction, protocol, policySet, destinationPort } = event;
  if (reason !== 'policy-denied' && reason !== 'policy-default-deny') return [];
  const why = explainDirection(
    policy,
    direction,
    policySet,
    event.class,
    protocol,
    destinationPort,
  );
  return [...causesOf(why, reason)];
}

function peerOf(
  { address, port, identity }: { address: string; port: number; identity: number },
  applied: Compiled | undefined,
): EventPeer {
  const endpoint = applied?.document.endpoints.find((e) => e.addresses.includes(address));
  const labels = applied === undefined ? undefined : labelsById(applied).get(identity);
  return {
    ...(endpoint === undefined ? {} : { endpoint: endpoint.name }),
    address,
    port,
    identity,
    labels: labels ?? {},
  };
}

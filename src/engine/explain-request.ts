import type { RequestRecord } from '../proxy/record.js';
import { EVENT_VERSION, type EventPeer } from '../report/event.js';
import type { ExplainedRequest } from '../report/request.js';
import { hex8 } from '../state/columns.js';
import { identityAt } from './address-identity.js';
import { labelsById, type Compiled } from './provenance.js';

/** What a proxy tells, in the words of the program that is applied. */
export function explainRequest(
  record: RequestRecord,
  applied: Compiled | undefined,
): ExplainedRequest {
  const { time, protocol, transport, verdict, rule, request, answer, note } = record;
  const listener = applied?.policy.listeners.get(record.listener);
  const all = listener?.rules.flatMap(({ origins }) => origins) ?? [];
  const lines = rule === undefined ? all : (listener?.rules[rule]?.origins ?? []);
  return {
    version: EVENT_VERSION,
    type: 'request',
    time: new Date(time).toISOString(),
    verdict,
    protocol: transport,
    l7: protocol,
    ...(listener === undefined ? {} : { direction: listener.direction }),
    source: peerOf(record.client, record.clientPort, applied),
    destination: peerOf(record.server, record.serverPort, applied),
    request,
    ...(answer === undefined ? {} : { answer }),
    ...(note === undefined ? {} : { note }),
    listener: hex8(record.listener),
    rules: [...new Map(lines.map((origin) => [JSON.stringify(origin), origin])).values()],
  };
}

function peerOf(address: string, port: number, applied: Compiled | undefined): EventPeer {
  if (applied === undefined) return { address, port, identity: 0, labels: {} };
  const endpoint = applied.document.endpoints.find((e) => e.addresses.includes(address));
  const identity =
    endpoint === undefined
      ? identityAt(address, applied)
      : applied.allocation.idOf(endpoint.labels);
  return {
    ...(endpoint === undefined ? {} : { endpoint: endpoint.name }),
    ...{ address, port, identity },
    labels: labelsById(applied).get(identity) ?? {},
  };
}

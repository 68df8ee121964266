import { transparentSocket } from 'iproute2-netlink';
import packet, { type Answer } from 'dns-packet';
import { onTestFinished } from 'vitest';
import { kernelSockets } from '../../../src/kernel/dns-sockets.js';
import type { DNSListener } from '../../../src/model/l7.js';
import type { FQDNSelectorSpec } from '../../../src/model/program.js';
import type { Learned } from '../../../src/proxy/dns/answer.js';
import { DNSProxy, type DNSProxyOptions } from '../../../src/proxy/dns/proxy.js';
import type { DNSRecord } from '../../../src/proxy/dns/record.js';
import { makeNetwork, type Network } from './network.js';
import { TestServer, type Answering, type Received } from './server.js';

export interface Running {
  readonly network: Network;
  readonly server: TestServer;
  readonly proxy: DNSProxy;
  readonly records: DNSRecord[];
  readonly learned: Learned[];
}

export function dnsListener(id: number, ...selectors: readonly FQDNSelectorSpec[]): DNSListener {
  const rules = selectors.map((rule) => ({ rule, origins: [] }));
  return { id, protocol: 'dns', direction: 'egress', rules };
}

/** Names in `empire.test` but for those of rebels, and one name of the alliance. */
export const LISTENER = dnsListener(
  7,
  { matchPattern: '*.empire.test' },
  { matchName: 'yavin.alliance.test' },
);

/** A proxy between a client and a server that answers every name with addresses, all on port 53. */
export async function runProxy(
  o: Partial<DNSProxyOptions> & {
    readonly answering?: Answering;
    readonly listener?: DNSListener;
  } = {},
): Promise<Running> {
  const network = await makeNetwork();
  const server = await TestServer.start(network.server, o.answering ?? plainly);
  const records: DNSRecord[] = [];
  const learned: Learned[] = [];
  const proxy = new DNSProxy({
    sockets: kernelSockets({ netns: network.proxy.path, device: 's0' }),
    onLearned: (one) => {
      learned.push(one);
      return Promise.resolve();
    },
    onRecord: (record) => records.push(record),
    ...o,
  });
  onTestFinished(() => {
    proxy.close();
  });
  await serve(proxy, network, o.listener ?? LISTENER);
  return { network, server, proxy, records, learned };
}

/** Serves a listener on port 53, whatever it served before. */
export async function serve(proxy: DNSProxy, network: Network, listener: DNSListener) {
  const where = { netns: network.proxy.path, port: 53 };
  const [udp, tcp] = [
    await transparentSocket({ ...where, type: 'udp' }),
    await transparentSocket({ ...where, type: 'tcp' }),
  ];
  proxy.update([listener], () => ({ udp, tcp }));
}

/** An A or AAAA record for whatever is asked. */
export function plainly({ message }: Received): Buffer[] {
  const [question] = message.questions ?? [];
  if (question === undefined) return [];
  const { name } = question;
  const answer: Answer =
    question.type === 'AAAA'
      ? { name, type: 'AAAA', ttl: 60, data: 'fd97:9::1' }
      : { name, type: 'A', ttl: 60, data: '10.97.9.1' };
  return [reply(message, [answer])];
}

export function reply(
  message: Received['message'],
  answers: Answer[],
  o: { id?: number; flags?: number } = {},
): Buffer {
  const { id = 0, questions = [] } = message;
  return packet.encode({ type: 'response', id, flags: 0, questions, answers, ...o });
}

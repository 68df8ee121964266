import { PlumbError } from '../model/error.js';
import { RESERVED, LOCAL_IDENTITY_MIN } from '../model/identity.js';
import { icmpType } from '../model/icmp.js';
import { portNumber } from '../model/port.js';
import { contains, networkOf, parseAddress, parsePrefix, type Prefix } from '../model/prefix.js';
import type { Entity, Labels } from '../model/program.js';
import type { EventPeer, EventVerdict, ExplainedEvent } from './event.js';

/** Which events to show, as a user writes it; what is absent is not asked for. */
export interface EventFilterText {
  /** `NAME`, or labels `k=v,k=v`: one side of the packet. */
  readonly endpoint?: string | undefined;
  /** `NAME`, labels, an address or CIDR, or an entity: the other side of it. */
  readonly peer?: string | undefined;
  readonly verdict?: string | undefined;
  /** `80`, `80/TCP`, `ICMP/8` or `ICMP/EchoRequest`. */
  readonly port?: string | undefined;
}

/** What filters look at, of packets and of requests. */
export type Filtered = Pick<
  ExplainedEvent,
  'verdict' | 'source' | 'destination' | 'protocol' | 'icmp'
>;

export type EventFilter = (event: Filtered) => boolean;
type PeerFilter = (peer: EventPeer) => boolean;

/** What a user may call a verdict. */
export const VERDICT_WORDS: Readonly<Record<string, EventVerdict>> = {
  allow: 'allowed',
  deny: 'denied',
  audit: 'audited',
  redirect: 'redirected',
  allowed: 'allowed',
  denied: 'denied',
  audited: 'audited',
  redirected: 'redirected',
};

const ENTITIES: readonly string[] = ['all', 'none', 'cluster', ...Object.keys(RESERVED)];

/**
 * Reads what a user asks for. All that is asked must hold, and the peer is on the other side of the
 * packet than the endpoint, in whichever direction it goes.
 *
 * @throws PlumbError PLB_EVENT_FILTER
 */
export function eventFilter({ endpoint, peer, verdict, port }: EventFilterText): EventFilter {
  const isEndpoint = peerFilter(endpoint, 'endpoint');
  const isPeer = peerFilter(peer, 'peer');
  const isPort = port === undefined ? everything : portFilter(port);
  const wanted = verdict === undefined ? undefined : VERDICT_WORDS[verdict];
  if (verdict !== undefined && wanted === undefined) {
    throw wrong(`--verdict ${verdict} is none`, 'Write allow, deny, audit or redirect.');
  }
  return (event) =>
    (wanted === undefined || event.verdict === wanted) &&
    ((isEndpoint(event.source) && isPeer(event.destination)) ||
      (isEndpoint(event.destination) && isPeer(event.source))) &&
    isPort(event);
}

function peerFilter(text: string | undefined, flag: 'endpoint' | 'peer'): PeerFilter {
  if (text === undefined) return everything;
  if (text.trim() === '') throw wrong(`--${flag} is empty`, 'Name an endpoint, or labels k=v,k=v.');
  const address = parseAddress(text);
  const bits = address?.family === 4 ? 32 : 128;
  const prefix = address === undefined ? parsePrefix(text) : { ...address, length: bits };
  if (prefix !== undefined) return inPrefix(networkOf(prefix));
  if (text.includes('=')) return hasLabels(labelsOf(text, flag));
  if (text.includes('/') || text.includes(':')) {
    throw wrong(`--${flag} ${text} is no CIDR`, 'Write it as 10.0.0.0/8 or fd00::/8.');
  }
  // An endpoint may have the name of an entity; then both are meant.
  const isNamed: PeerFilter = (peer) => peer.endpoint === text;
  if (!ENTITIES.includes(text)) return isNamed;
  return (peer) => isNamed(peer) || isEntity(peer, text as Entity);
}

function inPrefix(prefix: Prefix): PeerFilter {
  return (peer) => {
    const address = parseAddress(peer.address);
    return address !== undefined && contains(prefix, address);
  };
}

function labelsOf(text: string, flag: string): Labels {
  const pairs = text.split(',').map((pair) => pair.split('='));
  if (pairs.some((pair) => pair.length !== 2 || pair[0] === '')) {
    throw wrong(`--${flag} ${text} is no list of labels`, 'Write it as key=value,key=value.');
  }
  return Object.fromEntries(pairs) as Labels;
}

function hasLabels(labels: Labels): PeerFilter {
  const wanted = Object.entries(labels);
  return (peer) =>
    wanted.every(([key, value]) => Object.hasOwn(peer.labels, key) && peer.labels[key] === value);
}

/** By number where no program says what the identity stands for. */
function isEntity({ identity, labels }: EventPeer, entity: Entity): boolean {
  if (entity === 'all') return true;
  if (entity === 'none') return false;
  const outside =
    identity >= LOCAL_IDENTITY_MIN ||
    [RESERVED.world, RESERVED['world-ipv4'], RESERVED['world-ipv6']].some((id) => id === identity);
  if (entity === 'cluster') return identity !== 0 && !outside;
  if (entity === 'world') return outside;
  return identity === RESERVED[entity] || Object.hasOwn(labels, `reserved:${entity}`);
}

function portFilter(text: string): EventFilter {
  const [, number = '', protocol] = /^(\d{1,5})(?:\/(\w+))?$/.exec(text) ?? [];
  const port = portNumber(number);
  const name = protocol?.toUpperCase();
  if (port !== undefined && (name === undefined || ['TCP', 'UDP', 'SCTP'].includes(name))) {
    return ({ source, destination, ...event }) =>
      (name === undefined || event.protocol === name) &&
      (source.port === port || destination.port === port);
  }
  const [, six, type = ''] = /^icmp(v6)?\/(\w+)$/i.exec(text) ?? [];
  const icmp = icmpType(type, six === undefined ? 'IPv4' : 'IPv6');
  if (type === '' || icmp === undefined) {
    throw wrong(`--port ${text} is none`, 'Write 80, 80/TCP, 53/UDP, ICMP/8 or ICMP/EchoRequest.');
  }
  const wanted = six === undefined ? 'ICMP' : 'ICMPv6';
  return (event) => event.protocol === wanted && event.icmp?.type === icmp;
}

function everything(): boolean {
  return true;
}

function wrong(message: string, hint: string): PlumbError {
  return new PlumbError('PLB_EVENT_FILTER', message, { hint });
}

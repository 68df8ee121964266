import type { Reason } from '../../src/state/layout.js';
import type { ProgramName } from './datapath.js';
import { bytes, echo, ETHERNET, icmp, packet, patched, PROTOCOL, tcp, udp } from './packets.js';
import { AT, CLASS, ref, SET, story, TABLE, VERSION, withService } from './story.js';
import { linkNoise } from './drop-cases-noise.js';
import { unsendable } from './drop-cases-unsendable.js';
import type { World } from './world.js';

const PORTS = [4000, 80] as const;
const SHORT = ETHERNET + 20 + 4;
const ports = Uint8Array.of(0x10, 0, 0, 80, 0, 0, 0, 0);

/** A packet that must not pass, and the reason that it must be told by. */
export interface Drop {
  readonly reason: Reason;
  readonly what: string;
  readonly frame: Uint8Array;
  /** Default: from_endpoint on A's device. */
  readonly program?: ProgramName;
  readonly device?: string;
  readonly world?: World;
  /** Flows that are remembered: of a packet that was allowed, and then could not be sent. Default 0. */
  readonly flows?: number;
}

const toB = { program: 'to_endpoint', device: 'ep1' } as const;
const only = (refs: World['refs']): World => ({ ...story, refs: refs! });

function extension(name: string, protocol: number, reason: Reason = 'extension-header'): Drop {
  const frame = packet({ source: AT.a6, destination: AT.b6, protocol, body: new Uint8Array(16) });
  return { reason, what: `an IPv6 ${name} header`, frame };
}

/** From A unless told otherwise. */
export const drops: readonly Drop[] = [
  {
    reason: 'policy-denied',
    what: 'a rule that denies',
    frame: tcp(AT.a, AT.b, PORTS),
    world: only([ref(VERSION.a, 'egress', TABLE.denied)]),
  },
  {
    reason: 'policy-default-deny',
    what: 'a port that no rule allows',
    frame: tcp(AT.a, AT.b, [4000, 81]),
  },
  {
    reason: 'policy-default-deny',
    what: 'a protocol that no rule allows',
    frame: udp(AT.a6, AT.b6, PORTS),
  },
  {
    reason: 'policy-default-deny',
    what: 'a table without any entry',
    frame: tcp(AT.a, AT.b, PORTS),
    world: only([ref(VERSION.a, 'egress', 99)]),
  },
  {
    reason: 'no-policy',
    what: 'a policy set without head',
    frame: tcp(AT.a, AT.b, PORTS),
    world: { ...story, heads: [] },
  },
  {
    reason: 'no-policy',
    what: 'a head in the idle buffer only',
    frame: tcp(AT.a, AT.b, PORTS),
    world: { ...story, heads: [{ buffer: 1, policySet: SET.a, version: VERSION.a }] },
  },
  {
    reason: 'no-policy',
    what: 'a version without refs',
    frame: tcp(AT.a, AT.b, PORTS),
    world: only([]),
  },
  {
    reason: 'no-policy',
    what: 'a version without refs in this direction',
    frame: tcp(AT.a, AT.b, PORTS),
    world: only([ref(VERSION.a, 'ingress', TABLE.open)]),
  },
  {
    reason: 'no-policy',
    what: 'a version without a default, for another class',
    frame: tcp(AT.a, AT.b, PORTS),
    world: only([ref(VERSION.a, 'egress', TABLE.open, CLASS.host)]),
  },
  {
    reason: 'no-class',
    what: 'an identity without class',
    frame: tcp(AT.a, AT.b, PORTS),
    world: { ...story, classes: {} },
  },
  {
    reason: 'no-identity',
    what: 'a destination nobody knows',
    frame: tcp(AT.a, AT.unknown, PORTS),
  },
  {
    reason: 'no-identity',
    what: 'a source nobody knows',
    frame: tcp(AT.unknown, AT.b, PORTS),
    ...toB,
  },
  {
    reason: 'no-device',
    what: "a device that is no endpoint's",
    frame: tcp(AT.a, AT.b, PORTS),
    device: 'ep2',
  },
  {
    reason: 'no-device',
    what: "a device that is no endpoint's, on the way in",
    frame: tcp(AT.remote, AT.b, PORTS),
    program: 'to_endpoint',
    device: 'ep2',
  },
  {
    reason: 'spoofed-source',
    what: 'the address of another endpoint',
    frame: tcp(AT.b, AT.remote, PORTS),
  },
  {
    reason: 'spoofed-source',
    what: 'the IPv6 address of another endpoint',
    frame: tcp(AT.b6, AT.remote6, PORTS),
  },
  {
    reason: 'spoofed-source',
    what: 'an address of nobody',
    frame: tcp('0.0.0.0', AT.remote, PORTS),
  },
  {
    reason: 'spoofed-source',
    what: 'no address, from an endpoint without IPv6',
    frame: tcp('::', AT.remote6, PORTS),
    world: {
      ...story,
      endpoints: [{ device: 'ep0', identity: 256, policySet: SET.a, address4: AT.a }],
    },
  },
  {
    reason: 'spoofed-source',
    what: "the endpoint's own address from outside",
    frame: tcp(AT.b, AT.b, PORTS),
    ...toB,
  },
  {
    reason: 'spoofed-source',
    what: 'an IPv4 address mapped into IPv6',
    frame: patched(
      tcp(AT.a6, AT.remote6, PORTS),
      ETHERNET + 8,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      255,
      255,
      10,
      9,
      0,
      1,
    ),
  },
  {
    reason: 'neighbor-query',
    what: 'ARP that nobody can make sense of',
    frame: packet({ source: AT.a, destination: AT.b, protocol: 6, ethertype: 0x0806 }),
  },
  {
    reason: 'unsupported-ethertype',
    what: 'two VLAN tags',
    frame: packet({ source: AT.a, destination: AT.b, protocol: 6, ethertype: 0x8100 }),
  },
  {
    reason: 'unsupported-protocol',
    what: 'ICMPv6 in IPv4',
    frame: packet({ source: AT.a, destination: AT.b, protocol: PROTOCOL.icmpv6, body: ports }),
  },
  {
    reason: 'unsupported-protocol',
    what: 'ICMP in IPv6',
    frame: packet({ source: AT.a6, destination: AT.b6, protocol: PROTOCOL.icmp, body: ports }),
  },
  {
    reason: 'malformed',
    what: 'a TCP header that ends early',
    frame: tcp(AT.a, AT.b, PORTS).subarray(0, SHORT),
  },
  {
    reason: 'malformed',
    what: 'a UDP header that ends early',
    frame: udp(AT.a, AT.b, PORTS).subarray(0, SHORT),
  },
  {
    reason: 'malformed',
    what: 'an ICMP header that ends early',
    frame: icmp(AT.a, AT.b, { type: 8 }).subarray(0, SHORT),
  },
  {
    reason: 'malformed',
    what: 'an IPv4 header length below 20',
    frame: patched(tcp(AT.a, AT.b, PORTS), ETHERNET, 0x44),
  },
  {
    reason: 'malformed',
    what: 'IPv4 options beyond the end',
    frame: patched(
      packet({ source: AT.a, destination: AT.b, protocol: PROTOCOL.gre }),
      ETHERNET,
      0x4f,
    ),
  },
  {
    reason: 'malformed',
    what: 'another version in an IPv4 frame',
    frame: patched(tcp(AT.a, AT.b, PORTS), ETHERNET, 0x65),
  },
  {
    reason: 'malformed',
    what: 'another version in an IPv6 frame',
    frame: patched(tcp(AT.a6, AT.b6, PORTS), ETHERNET, 0x45),
  },
  {
    reason: 'malformed',
    what: 'a mapped IPv4 destination in IPv6',
    frame: patched(
      tcp(AT.a6, AT.b6, PORTS),
      ETHERNET + 24,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      255,
      255,
      10,
      9,
      0,
      2,
    ),
  },
  {
    reason: 'malformed',
    what: 'a first fragment that ends before the flags of TCP',
    frame: packet({ source: AT.a, destination: AT.b, protocol: 6, fragment: 0x2000, body: ports }),
  },
  {
    reason: 'malformed',
    what: 'a second fragment that would write over the flags of TCP',
    frame: packet({ source: AT.a, destination: AT.b, protocol: 6, fragment: 0x0001, body: ports }),
  },
  {
    reason: 'fragment',
    what: 'a later fragment without a first one',
    frame: packet({ source: AT.a, destination: AT.b, protocol: 6, fragment: 0x0010, body: ports }),
  },
  extension('fragment header and after it a hop-by-hop options', 44),
  extension('routing', 43),
  extension('ESP', 50),
  extension('authentication', 51),
  {
    reason: 'extension-header',
    what: 'more options than anybody sends',
    frame: packet({
      source: AT.a6,
      destination: AT.b6,
      protocol: 60,
      body: bytes(...Array.from({ length: 5 }, () => [60, 0, 1, 4, 0, 0, 0, 0])),
    }),
  },
  extension('mobility', 135),
  {
    reason: 'no-endpoint',
    what: 'a destination that is not behind the device',
    frame: tcp(AT.remote, AT.a, PORTS),
    ...toB,
  },
  {
    reason: 'proxy-unavailable',
    what: 'a verdict to redirect',
    frame: tcp(AT.a, AT.b, PORTS),
    world: {
      ...only([ref(VERSION.a, 'egress', 9), ref(VERSION.b, 'ingress', 10)]),
      tables: [
        { table: 9, verdict: 'redirect', listener: 1 },
        { table: 10, verdict: 'allow' },
      ],
    },
  },
  {
    reason: 'no-service',
    what: 'a port that a service does not have',
    frame: tcp(AT.a, AT.vip, [4000, 81]),
    world: withService,
  },
  {
    reason: 'no-service',
    what: 'ICMP to a service',
    frame: echo(AT.a, AT.vip, 7),
    world: withService,
  },
  {
    reason: 'no-backend',
    what: 'a service without back-ends',
    frame: tcp(AT.a, AT.vip, [4000, 8080]),
    world: withService,
  },
  ...unsendable,
  ...linkNoise,
];

import { ENTRY_DEFAULT, type Direction } from '../../src/state/layout.js';
import { PROTOCOL } from './packets.js';
import type { World, WorldRef } from './world.js';

/** Who is where: two endpoints of the node, and what is not one. */
export const AT = {
  a: '10.9.0.1',
  a6: 'fd09::1',
  b: '10.9.0.2',
  b6: 'fd09::2',
  host: '10.9.0.254',
  remote: '10.8.0.1',
  remote6: 'fd08::1',
  inPrefix: '192.0.2.7',
  inPrefix6: '2001:db8::7',
  unknown: '198.51.100.1',
  vip: '10.96.0.1',
  vip6: 'fd96::1',
} as const;

export const IDENTITY = { host: 1, a: 256, b: 257, remote: 300, prefix: 500 } as const;
export const CLASS = { host: 0xc1, a: 0xca, b: 0xcb, remote: 0xc3, prefix: 0xc5 } as const;
export const SET = { a: 0xa, b: 0xb } as const;
export const VERSION = { a: 0xa0, b: 0xb0, newA: 0xa1, newB: 0xb1 } as const;
/** Tables: all allowed; nothing; only 80/TCP and ICMP echo; all denied by a rule. */
export const TABLE = { open: 1, shut: 2, web: 3, denied: 4 } as const;

/** Where B's device is, and how B and the host's side of it are called on the wire. */
export const MAC = { b: '02:b0:00:00:00:01', hostOfB: '02:b0:00:00:00:02' } as const;

export function ref(version: number, direction: Direction, table: number, peer = 0): WorldRef {
  return { version, direction, class: peer, table };
}

const shut = { verdict: 'deny', flags: ENTRY_DEFAULT } as const;
const echoRequest = { port: 8 << 8, bits: 8 } as const;
const echoRequest6 = { port: 128 << 8, bits: 8 } as const;

const tables: World['tables'] = [
  { table: TABLE.open, verdict: 'allow' },
  { table: TABLE.shut, ...shut },
  { table: TABLE.denied, verdict: 'deny' },
  { table: TABLE.web, ...shut },
  { table: TABLE.web, protocol: PROTOCOL.tcp, port: 80, verdict: 'allow' },
  { table: TABLE.web, protocol: PROTOCOL.icmp, ...echoRequest, verdict: 'allow' },
  { table: TABLE.web, protocol: PROTOCOL.icmpv6, ...echoRequest6, verdict: 'allow' },
];

/**
 * A may send anything; only A and the remote endpoint reach B, at 80/TCP or by echo. In the other
 * buffer stands a policy under which B is open and A may send nothing.
 */
export const story: World = {
  endpoints: [
    { device: 'ep0', identity: 256, policySet: SET.a, address4: AT.a, address6: AT.a6 },
    {
      device: 'ep1',
      identity: 257,
      policySet: SET.b,
      address4: AT.b,
      address6: AT.b6,
      mac: MAC.b,
      hostMac: MAC.hostOfB,
    },
  ],
  ipcache: { [AT.host]: 1, [AT.remote]: 300, [AT.remote6]: 300 },
  prefixes: { '192.0.2.0/24': 500, '2001:db8::/32': 500 },
  classes: { 1: CLASS.host, 256: CLASS.a, 257: CLASS.b, 300: CLASS.remote, 500: CLASS.prefix },
  heads: [
    { buffer: 0, policySet: SET.a, version: VERSION.a },
    { buffer: 0, policySet: SET.b, version: VERSION.b },
    { buffer: 1, policySet: SET.a, version: VERSION.newA },
    { buffer: 1, policySet: SET.b, version: VERSION.newB },
  ],
  refs: [
    ref(VERSION.a, 'egress', TABLE.open),
    ref(VERSION.a, 'ingress', TABLE.shut),
    ref(VERSION.b, 'egress', TABLE.shut),
    ref(VERSION.b, 'ingress', TABLE.shut),
    ref(VERSION.b, 'ingress', TABLE.web, CLASS.a),
    ref(VERSION.b, 'ingress', TABLE.web, CLASS.remote),
    ref(VERSION.newA, 'egress', TABLE.shut),
    ref(VERSION.newA, 'ingress', TABLE.open),
    ref(VERSION.newB, 'egress', TABLE.open),
    ref(VERSION.newB, 'ingress', TABLE.open),
  ],
  tables,
};

/** The story with other endpoint flags, for example audit mode. */
export function withFlags(flags: { readonly a?: number; readonly b?: number }): World {
  const [a, b] = story.endpoints!;
  return {
    ...story,
    endpoints: [
      { ...a!, flags: flags.a ?? 0 },
      { ...b!, flags: flags.b ?? 0 },
    ],
  };
}

/** The story with a service in front of B at 80, at 81, which nobody may reach, and one without back-ends. */
export const withService: World = {
  ...story,
  services: [
    { address: AT.vip, port: 80, backends: [{ address: AT.b, port: 80 }] },
    { address: AT.vip6, port: 80, backends: [{ address: AT.b6, port: 80 }] },
    { address: AT.vip, port: 443, backends: [{ address: AT.b, port: 81 }] },
    { address: AT.vip, port: 8080, backends: [] },
  ],
};

import fc from 'fast-check';
import type { Allows, Name, Sent } from './flow-model.js';
import { ADDRESS, deviceOf, type Family } from './flow-wire.js';
import { PROTOCOL } from './packets.js';
import type { ModelBackend, ModelService } from './service-model.js';
import type { World, WorldEntry, WorldRef, WorldService } from './world.js';

export const NAMES = ['a', 'b', 'r', 'h', 'w'] as const;
const LOCAL = ['a', 'b'] as const;
const IDENTITY = { a: 256, b: 257, r: 300, h: 1, w: 500 } as const;
/** Of services. */
export const PORTS = [80, 81] as const;
/** Of back-ends, and what policies are about. */
const TARGETS = [80, 81, 8080] as const;
const QUESTIONS = [...TARGETS, 'echo'] as const;
/** Few, so that packets meet in flows. */
const CLIENT_PORTS = [4000, 4001] as const;
const AFFINITY_SECONDS = 1000;

/** `nth` counts back from the last packet that passed. */
export type Step =
  | { readonly kind: 'send'; readonly sent: Sent }
  | { readonly kind: 'again'; readonly nth: number; readonly flags: string }
  | { readonly kind: 'answer'; readonly nth: number; readonly flags: string }
  | { readonly kind: 'error'; readonly nth: number; readonly by: Name | undefined }
  | { readonly kind: 'commit'; readonly buffer: 0 | 1 }
  | { readonly kind: 'service'; readonly port: number; readonly service: ModelService }
  /** Its first back-end gets no new flows any more. */
  | { readonly kind: 'drain'; readonly port: number }
  | { readonly kind: 'expire' };

const one = <T>(...values: readonly T[]) => fc.constantFrom(...values);

/** Those that a program of the node sees, the likely ones more than once. */
const way = one<readonly [Name, Sent['to']]>(
  ...[['a', 'vip'] as const, ['a', 'vip'] as const, ['a', 'vip'] as const, ['b', 'vip'] as const],
  ...[['h', 'vip'] as const, ['h', 'vip'] as const, ['w', 'vip'] as const, ['w', 'vip'] as const],
  ...[['a', 'b'] as const, ['b', 'a'] as const, ['a', 'r'] as const, ['r', 'a'] as const],
  ...[['r', 'b'] as const, ['r', 'h'] as const, ['h', 'a'] as const, ['h', 'b'] as const],
  ...[['a', 'h'] as const, ['w', 'b'] as const, ['b', 'w'] as const, ['a', 'a'] as const],
);
const flags = one('S', 'S', 'SA', 'A', 'A', 'A', 'FA', 'R');
const there = fc.tuple(one(...CLIENT_PORTS), one<number>(80, 80, 81, 8080));
/** Echoes by their id. */
const id = one(7, 8);
const fragment = fc.record({ isFirst: one(true, false), id: one(1, 2) });

const sent: fc.Arbitrary<Sent> = fc
  .record({
    way,
    protocol: one<Sent['protocol']>('tcp', 'tcp', 'udp', 'udp', 'echo'),
    flags,
    there,
    id,
    isBack: fc.boolean(),
    fragment: fc.option(fragment, { nil: undefined, freq: 8 }),
  })
  .map(({ way: [from, to], there: ports, isBack, ...rest }) => {
    const [near, far] = rest.protocol === 'echo' ? [rest.id, 0] : ports;
    const [fromPort, toPort] = isBack && to !== 'vip' ? [far, near] : [near, far];
    const { protocol, flags: letters, fragment: piece } = rest;
    const base = { from, to, fromPort, toPort, protocol, flags: letters };
    return piece === undefined ? base : { ...base, fragment: piece };
  });

const backend: fc.Arbitrary<ModelBackend> = fc.record({
  name: one<Name>('a', 'b', 'b', 'r'),
  port: one<number>(...TARGETS),
});
const service: fc.Arbitrary<ModelService> = fc.record({
  backends: fc.uniqueArray(backend, {
    maxLength: 4,
    selector: ({ name, port }) => `${name} ${String(port)}`,
  }),
  draining: fc.constant([]),
  affinity: fc.boolean(),
});

const nth = one(0, 0, 0, 1, 1, 2, 3);
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: sent.map((packet): Step => ({ kind: 'send', sent: packet })) },
  {
    weight: 9,
    arbitrary: fc.record({ kind: fc.constant('again' as const), nth, flags }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('answer' as const), nth, flags }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('error' as const),
      nth,
      by: one(undefined, undefined, ...NAMES),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('commit' as const), buffer: one<0 | 1>(0, 1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('service' as const), port: one(...PORTS), service }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('drain' as const), port: one(...PORTS) }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'expire' }) },
);

/** One bit for each buffer, subject, direction, peer and question; mostly yes: what is dropped leaves no flow to follow. */
const BITS = 2 * LOCAL.length * 2 * NAMES.length * QUESTIONS.length;
export const policy: fc.Arbitrary<Allows> = fc
  .array(one(...Array<true>(9).fill(true), false), { minLength: BITS, maxLength: BITS })
  .map((bits) => (buffer, subject, direction, peer, port) => {
    const question = QUESTIONS.indexOf(port as 80);
    if (question < 0) return false;
    const side = LOCAL.indexOf(subject as 'a') * 2 + (direction === 'egress' ? 1 : 0);
    const place = (buffer * 2 * LOCAL.length + side) * NAMES.length + NAMES.indexOf(peer);
    return bits[place * QUESTIONS.length + question] === true;
  });

export function worldOf(allows: Allows, isHostFree: boolean, family: Family): World {
  const at = ADDRESS[family];
  const heads = ([0, 1] as const).flatMap((buffer) =>
    LOCAL.map((_, i) => ({ buffer, policySet: i + 1, version: 100 * (buffer + 1) + i })),
  );
  const refs: WorldRef[] = [];
  const tables: WorldEntry[] = [{ table: 1, verdict: 'deny' }];
  for (const { buffer, policySet, version } of heads) {
    for (const direction of ['ingress', 'egress'] as const) {
      refs.push({ version, direction, class: 0, table: 1 });
      for (const peer of NAMES) {
        const table = tables.length + 10;
        refs.push({ version, direction, class: IDENTITY[peer], table });
        tables.push({ table, verdict: 'deny' });
        for (const question of QUESTIONS)
          if (allows(buffer, LOCAL[policySet - 1]!, direction, peer, question))
            tables.push(...allowing(table, question));
      }
    }
  }
  return {
    flags: isHostFree ? 1 : 0,
    endpoints: LOCAL.map((name, i) => ({
      device: deviceOf(name),
      identity: IDENTITY[name],
      policySet: i + 1,
      [family === 4 ? 'address4' : 'address6']: at[name],
    })),
    ipcache: { [at.r]: IDENTITY.r, [at.h]: IDENTITY.h },
    prefixes: { [family === 4 ? '192.0.2.0/24' : '2001:db8::/32']: IDENTITY.w },
    classes: Object.fromEntries(Object.values(IDENTITY).map((number) => [number, number])),
    heads,
    refs,
    tables,
  };
}

function allowing(table: number, question: (typeof QUESTIONS)[number]): WorldEntry[] {
  const allowed = { table, verdict: 'allow' } as const;
  if (question !== 'echo') {
    return [PROTOCOL.tcp, PROTOCOL.udp].map((protocol) => ({
      ...allowed,
      protocol,
      port: question,
    }));
  }
  return [
    { ...allowed, protocol: PROTOCOL.icmp, port: 8 << 8, bits: 8 },
    { ...allowed, protocol: PROTOCOL.icmpv6, port: 128 << 8, bits: 8 },
  ];
}

/** Rows for TCP and UDP, each with back-ends of `set` and the number after it. */
export function servicesOf(
  port: number,
  { backends, draining, affinity }: ModelService,
  set: number,
  family: Family,
): WorldService[] {
  const at = ADDRESS[family];
  const placed = (all: readonly ModelBackend[]) =>
    all.map(({ name, port: target }) => ({ address: at[name], port: target }));
  return [PROTOCOL.tcp, PROTOCOL.udp].map((protocol, i) => ({
    ...{ address: at.vip, port, protocol, set: set + i, id: port * 2 + i },
    backends: placed(backends),
    draining: placed(draining),
    affinity: affinity ? AFFINITY_SECONDS : 0,
  }));
}

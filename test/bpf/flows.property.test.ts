import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACTION, TestDatapath } from './datapath.js';
import { endsOf } from './ends.js';
import { FlowModel, type Allows, type Name, type Sent } from './flow-model.js';
import { PROTOCOL, tcp, udp } from './packets.js';
import { AT } from './story.js';
import { serviceRows, type World, type WorldEntry, type WorldRef } from './world.js';

const NAMES = ['a', 'b', 'r'] as const;
const PORTS = [80, 81] as const;
const ASKED = fc.constantFrom<80 | 81>(80, 80, 80, 81);
/** Few, so that packets meet in flows. */
const CLIENT_PORTS = [4000] as const;
const IDENTITY = { a: 256, b: 257, r: 300 } as const;
const ADDRESS = {
  4: { a: AT.a, b: AT.b, r: AT.remote, vip: AT.vip },
  6: { a: AT.a6, b: AT.b6, r: AT.remote6, vip: AT.vip6 },
} as const;

type Step =
  | { readonly kind: 'send'; readonly sent: Sent }
  | { readonly kind: 'commit'; readonly buffer: 0 | 1 }
  | { readonly kind: 'backend'; readonly port: number; readonly backend: Name }
  | { readonly kind: 'expire' };

let datapath: TestDatapath;
beforeAll(async () => {
  datapath = await TestDatapath.open();
});
afterAll(() => datapath.close());

const name = fc.constantFrom<Name>('a', 'a', 'b', 'b', 'r');
/** Replies are from a port that somebody was asked at, to one that somebody asked from. */
const ports = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...CLIENT_PORTS), ASKED) },
  { weight: 2, arbitrary: fc.tuple(ASKED, fc.constantFrom(...CLIENT_PORTS)) },
);
const sent: fc.Arbitrary<Sent> = fc
  .record({
    from: name,
    to: fc.constantFrom<Sent['to']>('a', 'b', 'r', 'vip', 'vip', 'vip'),
    protocol: fc.constantFrom<Sent['protocol']>('tcp', 'tcp', 'udp'),
    ports,
    flags: fc.constantFrom('S', 'S', 'SA', 'A', 'A', 'FA', 'R'),
  })
  .map(({ ports: [sourcePort, destinationPort], ...rest }) => {
    return { ...rest, sourcePort, destinationPort };
  });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: sent.map((one): Step => ({ kind: 'send', sent: one })) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<0 | 1>(0, 1).map((buffer): Step => ({ kind: 'commit', buffer })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(ASKED, name)
      .map(([port, backend]): Step => ({ kind: 'backend', port, backend })),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'expire' }) },
);

/** One bit for each buffer, subject, direction, peer and port. */
/** Mostly yes: what is dropped leaves no flow to follow. */
const policy = fc.array(fc.constantFrom(true, true, true, false), { minLength: 96, maxLength: 96 });
const allowing =
  (bits: readonly boolean[]): Allows =>
  (buffer, subject, direction, peer, port) =>
    PORTS.includes(port as 80) &&
    bits[
      (((buffer * 2 + (direction === 'egress' ? 1 : 0)) * 3 + NAMES.indexOf(subject)) * 3 +
        NAMES.indexOf(peer)) *
        2 +
        PORTS.indexOf(port as 80)
    ] === true;

function worldOf(allows: Allows, family: 4 | 6): World {
  const refs: WorldRef[] = [];
  const tables: WorldEntry[] = [];
  const heads: World['heads'] = [0, 1].flatMap((buffer) =>
    (['a', 'b'] as const).map((_, i) => ({
      buffer: buffer as 0 | 1,
      policySet: i + 1,
      version: 100 * (buffer + 1) + i,
    })),
  );
  for (const { buffer, policySet, version } of heads) {
    const subject = policySet === 1 ? 'a' : 'b';
    for (const direction of ['ingress', 'egress'] as const) {
      refs.push({ version, direction, class: 0, table: 1 });
      for (const peer of NAMES) {
        const table = tables.length + 10;
        refs.push({ version, direction, class: IDENTITY[peer], table });
        tables.push({ table, verdict: 'deny' });
        for (const port of PORTS.filter((one) => allows(buffer, subject, direction, peer, one)))
          for (const protocol of [PROTOCOL.tcp, PROTOCOL.udp])
            tables.push({ table, protocol, port, verdict: 'allow' });
      }
    }
  }
  const at = ADDRESS[family];
  const address = family === 4 ? 'address4' : 'address6';
  return {
    endpoints: (['a', 'b'] as const).map((one, i) => ({
      device: `ep${String(i)}`,
      identity: IDENTITY[one],
      policySet: i + 1,
      [address]: at[one],
    })),
    ipcache: { [at.r]: IDENTITY.r },
    classes: { 256: 256, 257: 257, 300: 300 },
    heads,
    refs,
    tables: [{ table: 1, verdict: 'deny' }, ...tables],
    services: PORTS.flatMap((port) =>
      [PROTOCOL.tcp, PROTOCOL.udp].map((protocol) => ({
        ...{ address: at.vip, port, protocol, set: port },
        backends: [{ address: at.b, port }],
      })),
    ),
  };
}

/** A packet of the model on the hook that it would meet; undefined where none of the node's sees it. */
async function run(one: Sent, family: 4 | 6) {
  const at = ADDRESS[family];
  const make = one.protocol === 'tcp' ? tcp : udp;
  const frame = make(at[one.from], at[one.to], [one.sourcePort, one.destinationPort], one.flags);
  if (one.from !== 'r') {
    return datapath.run('from_endpoint', one.from === 'a' ? 'ep0' : 'ep1', frame);
  }
  if (one.to === 'r' || one.to === 'vip') return undefined;
  return datapath.run('to_endpoint', one.to === 'a' ? 'ep0' : 'ep1', frame);
}

test.each([4, 6] as const)(
  'flows, services and changes are what a plain model says, in IPv%i',
  { timeout: 120_000 },
  async (family) => {
    const at = ADDRESS[family];
    const seen = { passed: 0, dropped: 0, translated: 0 };
    await fc.assert(
      fc.asyncProperty(
        policy.map(allowing),
        fc.array(step, { minLength: 20, maxLength: 80 }),
        async (allows, steps) => {
          await datapath.load(worldOf(allows, family));
          const model = new FlowModel(allows);
          for (const port of PORTS) model.setBackend(port, 'b');
          let generation = 1;
          let buffer: 0 | 1 = 0;
          let set = 1000;
          for (const one of steps) {
            if (one.kind === 'expire') {
              await datapath.expireFlows();
              model.expire();
            } else if (one.kind === 'commit') {
              ({ buffer } = one);
              datapath.setEpoch(++generation, buffer);
              model.commit(buffer);
            } else if (one.kind === 'backend') {
              const { port, backend } = one;
              const services = [PROTOCOL.tcp, PROTOCOL.udp].map((protocol) => ({
                ...{ address: at.vip, port, protocol, set: ++set },
                backends: [{ address: at[backend], port }],
              }));
              for (const [map, rows] of Object.entries(serviceRows(services)))
                await datapath.write(map as 'plumb_services', rows);
              datapath.setEpoch(++generation, buffer);
              model.setBackend(port, backend);
            } else {
              const { sent: packet } = one;
              const result = await run(packet, family);
              if (result === undefined) continue;
              const expected = model.send(packet);
              const text = JSON.stringify(packet);
              expect(result.action === ACTION.drop, text).toBe(expected === undefined);
              seen[expected === undefined ? 'dropped' : 'passed']++;
              if (expected === undefined) continue;
              expect(endsOf(result.data), text).toEqual({
                source: at[expected.from],
                destination: at[expected.to],
                ports: [expected.fromPort, expected.toPort],
              });
              if (expected.from === 'vip' || packet.to === 'vip') seen.translated++;
            }
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(100);
  },
);

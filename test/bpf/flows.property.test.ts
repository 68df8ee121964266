import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PacketEvent } from '../../src/kernel/events.js';
import { ACTION, TestDatapath } from './datapath.js';
import { endsOf } from './ends.js';
import { FlowModel, isLocal, reversed, type Ends, type Sent } from './flow-model.js';
import { policy, PORTS, servicesOf, step, worldOf, type Step } from './flow-story.js';
import {
  ADDRESS,
  carriedBy,
  deviceOf,
  errorFrame,
  expectedNames,
  frameOf,
  hookOf,
  isWithPorts,
  nameAt,
  namesOf,
  type Family,
} from './flow-wire.js';
import { PROTOCOL } from './packets.js';
import type { Drawn, ModelBackend, ModelService } from './service-model.js';
import { serviceRows } from './world.js';

let datapath: TestDatapath;
beforeAll(async () => {
  datapath = await TestDatapath.open();
  const inside = (...command: readonly string[]) =>
    execFileSync('nsenter', [`--net=${datapath.devices.path}`, ...command]);
  for (const family of [4, 6] as const) {
    const forwarding = `net.ipv${String(family)}.conf.${datapath.devices.stranger}.forwarding=1`;
    inside('sysctl', '-qw', forwarding);
    inside('ip', 'route', 'add', ADDRESS[family].r, 'dev', 'ep1');
  }
});
afterAll(() => datapath.close());

/** A packet that passed: as it was sent, and as it went on. */
interface Passed {
  readonly sent: Sent;
  readonly ends: Ends;
  readonly frame: Uint8Array;
}

/** The datapath and the model of it, under one policy in one family. */
class Run {
  readonly seen = { passed: 0, dropped: 0, translated: 0, errors: 0, fragments: 0, echoes: 0 };
  #passed: Passed[] = [];
  readonly #services = new Map<number, ModelService>();
  #generation = 1;
  #buffer: 0 | 1 = 0;
  #set = 0;

  constructor(
    private readonly model: FlowModel,
    private readonly family: Family,
  ) {}

  async take(one: Step): Promise<void> {
    switch (one.kind) {
      case 'send':
        return this.send(one.sent);
      case 'again': {
        const before = this.#before(one.nth);
        return before && this.send({ ...before.sent, flags: one.flags });
      }
      case 'answer': {
        const before = this.#before(one.nth);
        if (before === undefined || before.ends.to === 'vip') return;
        const { protocol } = before.sent;
        const ends = reversed(before.ends) as Sent;
        return this.send({ ...ends, protocol, flags: one.flags });
      }
      case 'error': {
        const before = this.#before(one.nth);
        return before && this.#tell(before, one.by ?? (before.ends.to as Sent['from']));
      }
      case 'expire':
        await datapath.expireFlows();
        this.model.expire();
        return;
      case 'commit':
        this.#buffer = one.buffer;
        this.model.commit(one.buffer);
        datapath.setEpoch(++this.#generation, this.#buffer);
        return;
      case 'drain': {
        const { backends, draining, affinity } = this.#services.get(one.port)!;
        const [first, ...rest] = backends;
        if (first === undefined) return;
        const service = { backends: rest, draining: [first, ...draining], affinity };
        return this.#serve(one.port, service);
      }
      case 'service':
        return this.#serve(one.port, one.service);
    }
  }

  async #serve(port: number, service: ModelService): Promise<void> {
    this.#services.set(port, service);
    const services = servicesOf(port, service, (this.#set += 2), this.family);
    for (const [map, rows] of Object.entries(serviceRows(services)))
      await datapath.write(map as 'plumb_services', rows);
    datapath.setEpoch(++this.#generation, this.#buffer);
    this.model.setService(port, service);
  }

  async send(sent: Sent): Promise<void> {
    const hook = hookOf(sent.from, sent.to, datapath);
    if (hook === undefined) return;
    const frame = frameOf(sent, this.family);
    const { action, data } = await datapath.run(hook.program, hook.device, frame);
    const [event] = datapath.events();
    const drawn = await this.#drawnBy(sent, data, event);
    const text = JSON.stringify(sent);
    const expected = this.model.send(sent, drawn);
    expect(action === ACTION.drop, text).toBe(expected === undefined);
    expect(event !== undefined, text).toBe(expected === undefined);
    this.seen[expected === undefined ? 'dropped' : 'passed']++;
    if (expected === undefined) return;
    const hasPorts = isWithPorts(sent);
    expect(namesOf(data, this.family, hasPorts), text).toEqual(expectedNames(expected, hasPorts));
    if (expected.from === 'vip' || sent.to === 'vip') this.seen.translated++;
    if (sent.fragment?.isFirst === false) this.seen.fragments++;
    if (sent.protocol === 'echo') this.seen.echoes++;
    this.#passed.push({ sent, ends: expected, frame: data });
    // What the host sends to a service is met once more on its way to the back-end.
    if (hook.program !== 'from_host' || sent.fragment !== undefined || !isLocal(expected.to))
      return;
    const device = deviceOf(expected.to);
    const onwards = await datapath.run('to_endpoint', device, data);
    expect(onwards.action, text).toBe(ACTION.ok);
  }

  /** Where a packet to a service went: by its frame or, where that does not say, by what is told or remembered of it. */
  async #drawnBy(sent: Sent, frame: Uint8Array, event: PacketEvent | undefined): Promise<Drawn> {
    const backend = (address: unknown, port: unknown): ModelBackend => ({
      name: nameAt(String(address), this.family) as Sent['from'],
      port: Number(port),
    });
    if (event !== undefined) return () => backend(event.destination, event.destinationPort);
    if (sent.fragment === undefined) {
      const { destination, ports } = endsOf(frame);
      return () => backend(destination, ports[1]);
    }
    const flows = await datapath.entries('plumb_conntrack');
    return ({ client, clientPort, port, protocol }) => {
      const at = ADDRESS[this.family];
      const ends = [`${at[client]} ${String(clientPort)}`, `${at.vip} ${String(port)}`].sort();
      const flow = flows.find(
        ({ key }) =>
          key['protocol'] === PROTOCOL[protocol] &&
          [
            `${String(key['addressA'])} ${String(key['portA'])}`,
            `${String(key['addressB'])} ${String(key['portB'])}`,
          ]
            .sort()
            .join() === ends.join(),
      );
      return flow && backend(flow.value['natAddress'], flow.value['natPort']);
    };
  }

  /** An ICMP error about a packet that passed. */
  async #tell({ sent, ends, frame }: Passed, by: Sent['from']): Promise<void> {
    const hook = hookOf(by, ends.from, datapath);
    if (hook === undefined || hook.program === 'from_uplink' || hook.program === 'from_host')
      return;
    if (sent.fragment !== undefined || by === ends.from) return;
    const error = errorFrame(by, ends, frame, this.family);
    const { action, data } = await datapath.run(hook.program, hook.device, error);
    datapath.events();
    const expected = this.model.error(by, sent.protocol, ends);
    const text = `${by} about ${JSON.stringify({ sent, ends })}`;
    expect(action === ACTION.drop, text).toBe(expected === undefined);
    if (expected === undefined) return;
    this.seen.errors++;
    const hasPorts = isWithPorts(sent);
    expect(namesOf(data, this.family, false), text).toEqual({ from: expected.from, to: ends.from });
    expect(namesOf(carriedBy(data, this.family), this.family, hasPorts), text).toEqual(
      expectedNames(expected.about, hasPorts),
    );
  }

  #before(nth: number): Passed | undefined {
    return this.#passed.at(-1 - nth);
  }
}

test.each([4, 6] as const)(
  'flows, services, fragments, errors and changes are what a plain model says, in IPv%i',
  { timeout: 120_000 },
  async (family) => {
    const seen: Record<string, number> = { stayed: 0 };
    await fc.assert(
      fc.asyncProperty(
        policy,
        fc.boolean(),
        fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }),
        async (allows, isHostFree, steps) => {
          await datapath.load(worldOf(allows, isHostFree, family));
          const model = new FlowModel(allows, isHostFree);
          const run = new Run(model, family);
          const backends = (['b', 'r'] as const).map((name) => ({ name, port: 8080 }));
          for (const port of PORTS) {
            const service = { backends, draining: [], affinity: port === 81 };
            await run.take({ kind: 'service', port, service });
          }
          for (const one of steps) await run.take(one);
          for (const [what, count] of Object.entries(run.seen))
            seen[what] = (seen[what] ?? 0) + count;
          seen['stayed']! += model.services.stayed;
        },
      ),
      { numRuns: 150 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(25);
  },
);

import { afterAll, beforeAll, expect, test } from 'vitest';
import { apply } from '../../src/apply/apply.js';
import { openDatapath } from '../../src/kernel/datapath.js';
import { readState } from '../../src/kernel/read-state.js';
import { plan } from '../../src/plan/make-plan.js';
import type { State } from '../../src/state/state.js';
import { TrafficAgent } from '../traffic/agent.js';
import { ADDRESS, desiredState } from './desired.js';
import { NextObject } from './next-object.js';
import { KernelNode } from './node.js';

let next: NextObject;
let node: KernelNode;
const agents: TrafficAgent[] = [];
beforeAll(async () => {
  next = new NextObject();
  node = new KernelNode('plk-upgrade');
  await apply(plan(desiredState(node.name), await node.read()), node.instance);
  for (const name of ['a', 'b']) agents.push(await TrafficAgent.open(`${node.name}-${name}`));
  await agents[1]!.serve('tcp', 80, 'b');
  await agents[1]!.serve('udp', 53, 'b');
});
afterAll(() => {
  for (const agent of agents) agent.close();
  node.dispose();
  next.remove();
});

/** Builds that the loaded programs are of. */
function builds({ resources }: State): string[] {
  const programs = resources.filter((one) => one.kind === 'bpf-program');
  return [...new Set(programs.map(({ attributes }) => attributes.object))];
}

test.each([
  ['the next object', () => next.path],
  ['the object before, again', () => undefined],
])('%s takes the place of the loaded one under traffic', async (_, pathOf) => {
  const objectPath = pathOf();
  const [client] = agents as [TrafficAgent];
  const before = await node.read();
  const ask = await client.connect(ADDRESS.b, 80);
  const stops = [
    await client.load('dialogue', ADDRESS.b, 80, 2),
    await client.load('connections', ADDRESS.b6, 80, 5),
    await client.load('datagrams', ADDRESS.b, 53, 2),
  ];
  const read = () => readState(node.instance, { node: node.name, objectPath });
  const wanted = desiredState(node.name, {}, objectPath);
  const upgrade = plan(wanted, await read());
  expect(upgrade.steps.map(({ action, kind, key }) => [action, kind, key])).toEqual(
    ['from_endpoint', 'to_endpoint'].map((program) => ['update', 'bpf-program', program]),
  );
  const after = await apply(upgrade, node.instance, { objectPath });
  const counts = await Promise.all(stops.map((stop) => stop()));
  for (const { sent, answered } of counts) {
    expect(sent).toBeGreaterThan(5);
    expect(answered).toBe(sent);
  }
  expect(await client.retransmitted()).toBe(0);
  expect(await ask()).toBe(true);
  expect(builds(before)).not.toEqual(builds(after));
  expect(builds(after)).toEqual([openDatapath(objectPath).hash]);
  expect(plan(wanted, await read()).steps).toEqual([]);
});

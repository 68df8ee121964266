import { afterAll, beforeAll, expect, test } from 'vitest';
import { apply } from '../../src/apply/apply.js';
import { nodeMetrics } from '../../src/engine/metrics.js';
import { metricFamilies } from '../../src/report/metrics.js';
import { renderOpenMetrics } from '../../src/report/openmetrics.js';
import { plan } from '../../src/plan/make-plan.js';
import type { Resource } from '../../src/state/state.js';
import { readOpenMetrics } from '../report/openmetrics.js';
import { ADDRESS, desiredState } from './desired.js';
import { KernelNode } from './node.js';

const CAPACITY = 512;
const FLOWS = 2000;

let node: KernelNode;
beforeAll(async () => {
  node = new KernelNode('plk-evict');
  const desired = desiredState(node.name);
  const resources = desired.resources.map((resource): Resource =>
    resource.kind === 'bpf-map' && resource.attributes.name === 'plumb_conntrack'
      ? { ...resource, attributes: { ...resource.attributes, maxEntries: CAPACITY } }
      : resource,
  );
  await apply(plan({ ...desired, resources }, await node.read()), node.instance);
});
afterAll(() => {
  node.dispose();
});

/** Datagrams from A to B, each from a port of its own. */
function open(flows: number): void {
  const send = `for ((i = 0; i < ${String(flows)}; i++)); do echo > /dev/udp/${ADDRESS.b}/9; done`;
  node.inside(`${node.name}-a`, 'bash', '-c', `${send} 2> /dev/null || true`);
}

test('flows that had to make room for others show in the metrics, those that had not do not', async () => {
  const read = () => nodeMetrics({ netns: node.name, root: node.root });
  open(CAPACITY / 8);
  expect((await read()).conntrack).toMatchObject({ capacity: CAPACITY, evicted: 0 });
  open(FLOWS);
  const metrics = await read();
  const { entries, opened, removed, evicted } = metrics.conntrack;
  expect(entries).toBeLessThanOrEqual(CAPACITY);
  expect(opened).toBeGreaterThanOrEqual(FLOWS);
  expect(evicted).toBeGreaterThanOrEqual(FLOWS - CAPACITY);
  expect(evicted).toBe(opened - removed - entries);
  const samples = readOpenMetrics(renderOpenMetrics(metricFamilies(metrics)));
  expect(samples.get('plumb_conntrack_evicted_total')).toBe(evicted);
});

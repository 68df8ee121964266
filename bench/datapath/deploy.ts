import { setTimeout } from 'node:timers/promises';
import { loadObject, type BpfMap, type BpfObject } from 'libbpf-napi';
import { Netlink, type Operation } from 'iproute2-netlink';
import { encodeRows } from '../../src/state/columns.js';
import type { Row as MapRow } from '../../src/state/codec.js';
import { toKernel } from '../../src/state/kernel-form.js';
import {
  DIRECTION,
  EGRESS_BLOCK,
  INGRESS_BLOCK,
  VERDICT,
  type MapName,
} from '../../src/state/layout.js';
import { mapNames, structsOf } from '../../src/state/struct.js';
import { TestDevices } from '../../test/bpf/devices.js';
import type { Row } from '../row.js';
import { build } from './builds.js';

const ENDPOINTS = 200;
const TEMPLATES = 12;
/** All endpoints anew in each. */
const ROUNDS = 9;
const COMPILES = 3;
/** Milliseconds. */
const SETTLE = 500;
/** Entries of an endpoint's policy, all of its own: nothing is shared with another endpoint. */
const ENTRIES = 10;
const PROGRAMS = ['from_endpoint', 'to_endpoint'] as const;
/** TC_H_CLSACT, and its two sides. */
const CLSACT = 0xffff_fff1;
const CLSACT_INGRESS = 0xffff_fff2;
const CLSACT_EGRESS = 0xffff_fff3;
const AT_OUR_PLACE = { priority: 1, handle: 1 } as const;

/** Milliseconds to give one more endpoint its program and policy, its device being there. */
export async function run(): Promise<Row[]> {
  const builds = build();
  const devices = await TestDevices.make(ENDPOINTS + TEMPLATES);
  const netlink = await Netlink.open({ netns: devices.path });
  const object = await loadObject(builds.shared, { programs: PROGRAMS });
  try {
    const shared = await deployShared(devices, netlink, object);
    const template = await deployTemplates(devices, netlink, object, builds.template);
    const compiled = Array.from({ length: COMPILES }, () => timed(builds.compile));
    const row = (peer: string, peerValue: number, runs: number, reach?: number): Row => ({
      name: 'deploy an endpoint',
      workload: `program and ${String(ENTRIES)} policy entries of its own, ${String(ENDPOINTS)} endpoints`,
      value: shared,
      unit: 'ms',
      peer,
      peerValue,
      ratio: peerValue / shared,
      ...(reach === undefined ? {} : { reach }),
      runs,
    });
    return [
      row('template: substitute, verify, attach', template, TEMPLATES, 250),
      row('compile, then as the template', median(compiled) + template, COMPILES),
    ];
  } finally {
    object.close();
    netlink.close();
    await devices.dispose();
    builds.remove();
  }
}

/** One block for all: an endpoint is a qdisc on its device, and rows. */
async function deployShared(
  devices: TestDevices,
  netlink: Netlink,
  object: BpfObject,
): Promise<number> {
  const blocks = { ingressBlock: INGRESS_BLOCK, egressBlock: EGRESS_BLOCK };
  const ifindexOf = (n: number): number => devices.ifindexOf(`ep${String(n)}`) ?? 0;
  await netlink.batch([{ op: 'clsact-add', ifindex: ifindexOf(ENDPOINTS), ...blocks }]);
  await netlink.batch(
    PROGRAMS.map((name, i) => ({
      op: 'filter-replace',
      block: i === 0 ? INGRESS_BLOCK : EGRESS_BLOCK,
      ...AT_OUR_PLACE,
      bpf: { fd: object.program(name).fd, name, directAction: true },
    })),
  );
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    const rows = new Map<MapName, MapRow[]>();
    for (let n = 0; n < ENDPOINTS; n++) {
      for (const [map, given] of rowsOf(n)) {
        const all = rows.get(map) ?? [];
        rows.set(map, all);
        all.push(...given);
      }
    }
    for (const [map, given] of rows) await write(object.map(map), map, given, devices);
    const each = (op: (ifindex: number) => Operation): Operation[] =>
      Array.from({ length: ENDPOINTS }, (_, n) => op(ifindexOf(n)));
    await netlink.batch(each((ifindex) => ({ op: 'clsact-add', ifindex, ...blocks })));
    times.push(Number(process.hrtime.bigint() - start) / 1e6 / ENDPOINTS);
    await netlink.batch(each((ifindex) => ({ op: 'qdisc-delete', ifindex, parent: CLSACT })));
    // The kernel takes them apart in the background: that is no part of the next round.
    await setTimeout(SETTLE);
  }
  return median(times);
}

/** A program for each endpoint: substituted, verified and attached; the maps are there. */
async function deployTemplates(
  devices: TestDevices,
  netlink: Netlink,
  object: BpfObject,
  path: string,
): Promise<number> {
  const reuseMaps = Object.fromEntries(mapNames().map((name) => [name, object.map(name)]));
  const { size } = structsOf('plumb_devices', 'kernel').value;
  const times: number[] = [];
  for (let i = 0; i < TEMPLATES; i++) {
    const n = ENDPOINTS + i;
    const ifindex = devices.ifindexOf(`ep${String(n)}`) ?? 0;
    const start = process.hrtime.bigint();
    const loaded = await loadObject(path, {
      programs: PROGRAMS,
      reuseMaps,
      rodata: { template_device: new Uint8Array(size).fill(n & 0xff) },
    });
    for (const [map, given] of rowsOf(n)) await write(object.map(map), map, given, devices);
    // The first one of them has a qdisc already: it kept the blocks alive.
    if (i > 0) await netlink.batch([{ op: 'clsact-add', ifindex }]);
    else {
      await netlink.batch([
        { op: 'qdisc-delete', ifindex, parent: CLSACT },
        { op: 'clsact-add', ifindex },
      ]);
    }
    await netlink.batch(
      PROGRAMS.map((name, direction) => ({
        op: 'filter-replace',
        ifindex,
        parent: direction === 0 ? CLSACT_INGRESS : CLSACT_EGRESS,
        ...AT_OUR_PLACE,
        bpf: { fd: loaded.program(name).fd, name, directAction: true },
      })),
    );
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
    loaded.close();
  }
  return median(times);
}

/** Everything of one endpoint: who and where it is, and a policy that nobody shares. */
function rowsOf(n: number): [MapName, MapRow[]][] {
  const address = `10.${String(8 + (n >> 8))}.${String(n & 0xff)}.1`;
  const device = `ep${String(n)}`;
  const [identity, policySet, version, table] = [n + 256, n + 1, n + 1, n + 1];
  const who = { identity, policySet };
  return [
    ['plumb_devices', [{ key: { device }, value: { ...who, address4: address } }]],
    ['plumb_endpoints', [{ key: { address }, value: { device, ...who } }]],
    ['plumb_ipcache', [{ key: { address }, value: { identity } }]],
    ['plumb_classes', [{ key: { identity }, value: { class: n + 1 } }]],
    ['plumb_heads', [{ key: { buffer: 0, policySet }, value: { version } }]],
    [
      'plumb_refs',
      Object.values(DIRECTION).map((direction) => ({
        key: { version, direction, class: 0 },
        value: { table },
      })),
    ],
    [
      'plumb_tables',
      Array.from({ length: ENTRIES }, (_, i) => ({
        key: { prefixLength: 64, table, protocol: 6, port: 1000 + i },
        value: { verdict: VERDICT.allow },
      })),
    ],
  ];
}

async function write(
  target: BpfMap,
  map: MapName,
  rows: readonly MapRow[],
  devices: TestDevices,
): Promise<void> {
  const { keys, values, count } = toKernel(map, encodeRows(map, rows), devices);
  await target.updateBatch(keys, values, count);
}

function timed(work: () => void): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

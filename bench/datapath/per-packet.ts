import { loadObject, type BpfObject } from 'libbpf-napi';
import { structsOf } from '../../src/state/struct.js';
import { parseAddress } from '../../src/state/address.js';
import { ACTION, TestDatapath } from '../../test/bpf/datapath.js';
import { tcp } from '../../test/bpf/packets.js';
import { AT, withService } from '../../test/bpf/story.js';
import type { Row } from '../row.js';
import { build } from './builds.js';

const ROUNDS = 15;
const REPEAT = 200_000;
const BATCH = 4000;
/** What is told differs by nothing; a full ring would only blur the figures. */
const QUIET = { events: false } as const;

interface Case {
  readonly name: string;
  readonly frame: Uint8Array;
  /** The packet is changed on its way: each run needs a fresh one. */
  readonly isRewritten?: true;
  /** Sent once before, so that there is a flow. */
  readonly opens?: Uint8Array;
}

const CASES: readonly Case[] = [
  // SYN and FIN in one: a flow that closes as it opens, so that every run opens it anew.
  { name: 'new connection', frame: tcp(AT.a, AT.b, [4000, 80], 'SF') },
  { name: 'new connection, IPv6', frame: tcp(AT.a6, AT.b6, [4000, 80], 'SF') },
  {
    name: 'new connection, to a service',
    frame: tcp(AT.a, AT.vip, [4004, 80], 'SF'),
    isRewritten: true,
  },
  {
    name: 'established',
    opens: tcp(AT.a, AT.b, [4001, 80]),
    frame: tcp(AT.a, AT.b, [4001, 80], 'A'),
  },
  {
    name: 'established, IPv6',
    opens: tcp(AT.a6, AT.b6, [4001, 80]),
    frame: tcp(AT.a6, AT.b6, [4001, 80], 'A'),
  },
  { name: 'denied', frame: tcp(AT.a, AT.b, [4002, 81]) },
  {
    name: 'established, to a service',
    opens: tcp(AT.a, AT.vip, [4003, 80]),
    frame: tcp(AT.a, AT.vip, [4003, 80], 'A'),
    isRewritten: true,
  },
];

/** Nanoseconds a packet by BPF_PROG_TEST_RUN: one program for all endpoints, one of its own, parsing and passing on. */
export async function run(): Promise<Row[]> {
  const builds = build();
  const shared = await TestDatapath.open({ features: QUIET });
  const template = await TestDatapath.open({
    features: QUIET,
    path: builds.template,
    rodata: { template_device: deviceOfA() },
  });
  const parseOnly = await loadObject(builds.parseOnly);
  try {
    const rows: Row[] = [];
    for (const one of CASES) {
      await shared.load(withService);
      await template.load(withService);
      rows.push(...(await measure(one, shared, template, parseOnly)));
    }
    return rows;
  } finally {
    parseOnly.close();
    await template.close();
    await shared.close();
    builds.remove();
  }
}

async function measure(
  one: Case,
  shared: TestDatapath,
  template: TestDatapath,
  parseOnly: BpfObject,
): Promise<Row[]> {
  for (const datapath of [shared, template]) {
    if (one.opens !== undefined) await datapath.run('from_endpoint', 'ep0', one.opens);
    const { action } = await datapath.run('from_endpoint', 'ep0', one.frame);
    if ((action === ACTION.drop) !== (one.name === 'denied')) throw new Error(one.name);
  }
  const ours: number[] = [];
  const theirs: number[] = [];
  const floor: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await cost(shared.object, 'from_endpoint', one, shared));
    theirs.push(await cost(template.object, 'from_endpoint', one, template));
    floor.push(await cost(parseOnly, 'parse_only', one, shared));
  }
  const row = (peer: string, peers: readonly number[], reach?: number): Row => ({
    name: `per packet, ${one.name}`,
    workload: 'one TCP packet between two endpoints of a node',
    value: median(ours),
    unit: 'ns',
    peer,
    peerValue: median(peers),
    ratio: median(ours.map((value, i) => (peers[i] ?? 1) / value)),
    ...(reach === undefined ? {} : { reach }),
    runs: ROUNDS,
  });
  return [
    row('a program of its own for each endpoint (template)', theirs, 1 / 1.07),
    row('parsing and passing on, nothing asked', floor),
  ];
}

async function cost(
  object: BpfObject,
  name: string,
  { frame, isRewritten }: Case,
  { devices }: TestDatapath,
): Promise<number> {
  const program = object.program(name);
  const ifindex = devices.ifindexOf('ep0') ?? 0;
  const netns = devices.path;
  if (isRewritten !== true) {
    return (await program.testRun({ data: frame, ifindex, netns, repeat: REPEAT })).duration;
  }
  const packets = Array.from({ length: BATCH }, () => frame);
  const ifindexes = new Uint32Array(BATCH).fill(ifindex);
  const { durations } = await program.testRunBatch({ packets, ifindexes, netns });
  return median([...durations]);
}

/** A row of plumb_devices for A, as a template would have it substituted. */
function deviceOfA(): Uint8Array {
  const { size, fields } = structsOf('plumb_devices', 'kernel').value;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const [a] = withService.endpoints ?? [];
  for (const { name, offset } of fields) {
    if (name === 'identity') view.setUint32(offset, a?.identity ?? 0, true);
    if (name === 'policySet') view.setUint32(offset, a?.policySet ?? 0, true);
    if (name === 'address4') bytes.set(parseAddress(AT.a), offset);
    if (name === 'address6') bytes.set(parseAddress(AT.a6), offset);
  }
  return bytes;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

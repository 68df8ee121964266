import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attachTcx, loadObject, type BpfLink, type BpfProgram } from 'libbpf-napi';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { REASONS } from '../../src/state/layout.js';
import { TestDatapath } from './datapath.js';
import { AT, MAC, story } from './story.js';

// A test run cannot give a packet a tag, and VLAN devices are not in every kernel.
const TAGGER = `
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
SEC("tc") int tag(struct __sk_buff *skb) {
  return bpf_skb_vlan_push(skb, bpf_htons(0x8100), 5) ? 2 : 0;
}
char LICENSE[] SEC("license") = "GPL";
`;
/** The endpoint's end of the veth whose other end is ep0. */
const INSIDE = 'in0';

let datapath: TestDatapath;
const cleanup: (() => unknown)[] = [];

function inside(command: string, ...args: readonly string[]): string {
  const netns = `--net=${datapath.devices.path}`;
  return execFileSync('nsenter', [netns, command, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function attach(
  program: BpfProgram,
  ifindex: number,
  direction: 'ingress' | 'egress',
): Promise<BpfLink> {
  return attachTcx({ program, ifindex, direction, netns: datapath.devices.path });
}

/** The program that puts a tag on whatever leaves a device. */
async function loadTagger(): Promise<BpfProgram> {
  const directory = mkdtempSync(join(tmpdir(), 'plumb-bpf-'));
  cleanup.push(() => rmSync(directory, { recursive: true }));
  const [source, path] = [join(directory, 'tag.c'), join(directory, 'tag.o')];
  writeFileSync(source, TAGGER);
  const headers = `-I/usr/include/${execFileSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).trim()}`;
  execFileSync('clang-19', ['-target', 'bpf', '-O2', '-g', headers, '-c', source, '-o', path]);
  const object = await loadObject(path);
  cleanup.push(() => object.close());
  return object.program('tag');
}

beforeAll(async () => {
  datapath = await TestDatapath.open();
  cleanup.push(() => datapath.close());
  // Nothing but the test is to send anything.
  inside('sysctl', '-qw', `net.ipv6.conf.${INSIDE}.disable_ipv6=1`);
  inside('ip', 'link', 'set', INSIDE, 'up');
  inside('ip', 'address', 'add', `${AT.a}/24`, 'dev', INSIDE);
  inside('ip', 'neighbor', 'add', AT.b, 'lladdr', MAC.hostOfB, 'dev', INSIDE);
  const ep0 = datapath.devices.ifindexOf('ep0')!;
  const link = await attach(datapath.object.program('from_endpoint'), ep0, 'ingress');
  cleanup.push(() => link.close());
});
beforeEach(() => datapath.load(story));
afterAll(async () => {
  for (const step of cleanup.reverse()) await step();
});

/** How many packets each reason counted when A asks B for an echo. */
async function ping(): Promise<Record<string, unknown>> {
  try {
    inside('ping', '-c1', '-W1', '-n', '-I', INSIDE, AT.b);
  } catch {
    // nobody is there to answer
  }
  const metrics = await datapath.entries('plumb_metrics');
  return Object.fromEntries(metrics.map(({ key, value }) => [key['reason'], value['packets']]));
}

test('a frame without a tag is judged by what is in it', async () => {
  expect(await ping()).toEqual({ [REASONS.forwarded]: 1n });
});

test('a frame with a VLAN tag is dropped, whatever is in it', async () => {
  const [device] = JSON.parse(inside('ip', '-j', 'link', 'show', INSIDE)) as { ifindex: number }[];
  const link = await attach(await loadTagger(), device!.ifindex, 'egress');
  try {
    expect(await ping()).toEqual({ [REASONS['unsupported-ethertype']]: 1n });
  } finally {
    link.close();
  }
});

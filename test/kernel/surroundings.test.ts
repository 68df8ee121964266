import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSurroundings } from '../../src/kernel/surroundings.js';
import { lintSurroundings } from '../../src/lint/surroundings.js';
import type { NodeSpec } from '../../src/model/program.js';
import type { Surroundings } from '../../src/model/surroundings.js';
import { resource } from '../../src/state/kinds.js';
import { ForeignPrograms } from './foreign-programs.js';
import { KernelNode } from './node.js';

const PORT = 8472;

/** `hoth` with everything that can clash with others. */
const HOTH: NodeSpec = {
  origin: { path: 'hoth', file: 'plumb.ts', line: 5 },
  name: 'hoth',
  podCIDRs: ['10.1.0.0/24', 'fd00:10:1::/64'],
  gateways: ['10.1.0.1'],
  addresses: ['192.0.2.1'],
  allowLocalhost: true,
  enforcement: 'default',
  mtu: 1500,
  cluster: { name: 'rebels', mode: 'tunnel', tunnelPort: PORT },
  devices: ['up0'],
};

/** Of the chains that the test makes. */
const FOREIGN = { policy: 'drop', marks: [], hasHiddenMarks: false, ports: [] };

describe('what is around a node', () => {
  let node: KernelNode;
  let quiet: Surroundings;
  let loud: Surroundings;
  let foreign: ForeignPrograms | undefined;

  const inside = (command: string, ...args: string[]): string =>
    node.inside(node.name, command, ...args);
  const codes = (surroundings: Surroundings, state?: object) =>
    lintSurroundings({
      document: { version: 1, nodes: [HOTH], endpoints: [], policies: [], services: [] },
      node: HOTH,
      policy: {} as never,
      surroundings,
      ...state,
    }).map(({ code, message }) => [code, message]);

  beforeAll(async () => {
    node = new KernelNode('around');
    node.ip('link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up1');
    node.ip('link', 'set', 'up0', 'up');
    for (const setting of [
      ...['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'],
      ...['net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.up0.rp_filter=0'],
    ]) {
      inside('sysctl', '-qw', setting);
    }
    quiet = await readSurroundings(node.instance, ['up0']);

    for (const setting of [
      ...['net.ipv4.ip_forward=0', 'net.ipv6.conf.all.forwarding=0'],
      'net.ipv4.conf.up0.rp_filter=1',
    ]) {
      inside('sysctl', '-qw', setting);
    }
    node.ip('route', 'add', '10.1.0.128/25', 'dev', 'up0', 'table', '77');
    node.ip('rule', 'add', 'fwmark', '0x200/0xf00', 'lookup', '77', 'priority', '99');
    node.tc('qdisc', 'add', 'dev', 'up0', 'clsact');
    node.tc('filter', 'add', 'dev', 'up0', 'ingress', ...['bpf', 'bytecode', '1,6 0 0 4294967295']);
    foreign = await ForeignPrograms.attach(node, 'up0');
    inside('nft', 'add table ip foreign');
    inside(
      'nft',
      'add chain ip foreign passing { type filter hook forward priority 0; policy drop; }',
    );
    inside('nft', 'add rule ip foreign passing meta mark 0x300 accept');
    inside('nft', 'add table ip strange');
    inside(
      'nft',
      'add chain ip strange coming { type filter hook input priority 0; policy drop; }',
    );
    inside('nft', 'add rule ip strange coming udp dport { 53, 4789 } accept');
    node.ip('route', 'add', '198.51.100.0/24', 'dev', 'up0', 'table', '2004');
    const listener = spawn('nsenter', [
      `--net=/run/netns/${node.name}`,
      ...['nc', '-u', '-l', '-p', String(PORT)],
    ]);
    await once(listener, 'spawn');
    try {
      for (let tries = 0; tries < 100; tries++) {
        loud = await readSurroundings(node.instance, ['up0']);
        if (loud.ports.length > 0) break;
        execFileSync('sleep', ['0.05']);
      }
    } finally {
      listener.kill();
    }
  });
  afterAll(() => {
    foreign?.dispose();
    node.dispose();
  });

  it('is nothing to complain of in a quiet namespace that forwards', () => {
    expect(quiet.sysctls['net.ipv4.ip_forward']).toBe('1');
    expect(codes(quiet)).toEqual([]);
  });

  it('is read with names, marks and ports', () => {
    expect(loud.rules).toContainEqual({ priority: 99, table: 77, mark: 0x200, mask: 0xf00 });
    expect(loud.routes).toContainEqual({ destination: '10.1.0.128/25', table: 77, device: 'up0' });
    expect(loud.hooks).toEqual([
      { device: 'up0', direction: 'ingress', what: 'xdp others_xdp' },
      { device: 'up0', direction: 'ingress', what: 'bpf' },
      { device: 'up0', direction: 'egress', what: 'tcx others_tcx' },
    ]);
    expect(loud.firewalls).toEqual([
      { ...FOREIGN, chain: 'ip foreign passing', hook: 'forward', marks: [0x300] },
      { ...FOREIGN, chain: 'ip strange coming', hook: 'input', ports: [53, 4789] },
    ]);
    expect(loud.legacyTables).toEqual([]);
    expect(loud.ports).toContainEqual({ protocol: 'UDP', port: PORT });
  });

  it('is told of where it clashes', () => {
    expect(codes(loud).map(([code]) => code)).toEqual([
      'PLL_FORWARDING_OFF',
      'PLL_FORWARDING_OFF',
      'PLL_RP_FILTER',
      'PLL_FOREIGN_HOOK',
      'PLL_FOREIGN_HOOK',
      'PLL_FOREIGN_HOOK',
      'PLL_FIREWALL_DROPS',
      'PLL_FIREWALL_DROPS',
      'PLL_FOREIGN_ROUTE',
      'PLL_PORT_TAKEN',
    ]);
  });

  it('clashes by its marks only with a node that uses marks', () => {
    const mark = { fwmark: 0x200, fwmask: 0xf00 };
    const rule = resource('rule', { family: 'inet', priority: 100, table: 2004, ...mark });
    const state = { state: { version: 1 as const, node: 'hoth', resources: [rule] } };
    const marks = codes(loud, state).filter(([code]) => code === 'PLL_FOREIGN_MARK');
    expect(marks.map(([, message]) => message)).toEqual([
      expect.stringContaining('ip rule 99 looks for mark 0x200'),
      expect.stringContaining('chain ip foreign passing uses mark 0x300'),
    ]);
  });

  it('may have a route in a table of ours, which clashes only where that table is used', () => {
    const rule = resource('rule', { family: 'inet', priority: 100, table: 2004, fwmark: 0x200 });
    const state = { state: { version: 1 as const, node: 'hoth', resources: [rule] } };
    const routes = codes(loud, state).filter(([code]) => code === 'PLL_FOREIGN_ROUTE');
    expect(routes.map(([, message]) => message)).toEqual([
      expect.stringContaining('10.1.0.128/25, of range 10.1.0.0/24'),
      expect.stringContaining('to 198.51.100.0/24, is in table 2004, which is ours'),
    ]);
  });

  it('has the port of a tunnel taken by a stranger’s device, and not by its own', async () => {
    const tunnel = ['type', 'vxlan', 'external', 'dstport', '4790'];
    const isBound = async (): Promise<boolean> =>
      (await readSurroundings(node.instance)).ports.some(({ port }) => port === 4790);
    node.ip('link', 'add', 'vx0', ...tunnel);
    node.ip('link', 'set', 'vx0', 'up');
    expect(await isBound()).toBe(true);
    node.ip('link', 'set', 'vx0', 'alias', 'plumb:hoth');
    expect(await isBound()).toBe(false);
    node.ip('link', 'delete', 'vx0');
  });

  it('lets tunnels in by a firewall that knows their port', () => {
    const [, coming] = loud.firewalls;
    const knowing = { ...loud, firewalls: [{ ...coming!, ports: [PORT] }] };
    expect(codes(knowing).filter(([code]) => code === 'PLL_FIREWALL_DROPS')).toEqual([]);
  });

  it('has firewalls that cannot be seen into', async () => {
    inside('iptables-nft', '-t', 'mangle', '-A', 'PREROUTING', '-j', 'MARK', '--set-mark', '0x10');
    inside('iptables-legacy', '-t', 'filter', '-A', 'FORWARD', '-j', 'ACCEPT');
    const { firewalls, legacyTables } = await readSurroundings(node.instance, ['up0']);
    expect(legacyTables).toEqual(['filter (IPv4)']);
    const rule = resource('rule', { family: 'inet', priority: 100, table: 2004, fwmark: 0x200 });
    const state = { state: { version: 1 as const, node: 'hoth', resources: [rule] } };
    const hidden = { ...quiet, legacyTables, firewalls: firewalls.slice(-1) };
    expect(codes(hidden, state)).toEqual([
      ['PLL_FIREWALL_UNSEEN', expect.stringContaining('filter (IPv4)')],
      ['PLL_FOREIGN_MARK', expect.stringContaining('chain ip mangle PREROUTING')],
    ]);
  });

  it('clashes by ports with listeners that are new in its namespace', () => {
    const messages = codes(loud, { newPorts: [PORT, PORT + 1] })
      .filter(([code]) => code === 'PLL_PORT_TAKEN')
      .map(([, message]) => message);
    expect(messages.at(-1)).toContain(`port ${String(PORT)}, that of a listener of the proxy`);
    expect(messages).toHaveLength(2);
  });
});

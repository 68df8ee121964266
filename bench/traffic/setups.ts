import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { apply } from '../../src/apply/apply.js';
import { plan } from '../../src/plan/make-plan.js';
import { compilePolicy } from '../../src/policy/compile.js';
import type { ProgramDocument } from '../../src/model/program.js';
import { allocateIdentities } from '../../src/synth/identities.js';
import { synth } from '../../src/synth/synth.js';
import { OBJECT } from '../../test/bpf/datapath.js';
import { KernelNode } from '../../test/kernel/node.js';

export const PORT = 5001;

/** Two namespaces with a node between them; `client` and `server` are names in /run/netns. */
export interface Setup {
  readonly name: string;
  readonly client: string;
  readonly server: string;
  readonly address: string;
  dispose(): void;
}

/** Ports of the rules: that of the traffic is allowed by the last one. */
const portsOf = (rules: number): number[] => [
  ...Array.from({ length: rules - 1 }, (_, i) => 10_000 + i),
  PORT,
];

function ip(netns: string, ...args: readonly string[]): void {
  execFileSync('ip', ['-netns', netns, ...args]);
}

/** Two veths and a forwarding kernel; with rules, an nftables chain that says the same as ours. */
export function forwarding(name: string, rules?: number): Setup {
  const [node, client, server] = [`bt-${name}`, `bt-${name}-a`, `bt-${name}-b`];
  for (const netns of [node, client, server]) execFileSync('ip', ['netns', 'add', netns]);
  execFileSync('nsenter', [`--net=/run/netns/${node}`, 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  for (const [netns, n] of [
    [client, 1],
    [server, 2],
  ] as const) {
    const [device, last] = [`v${String(n)}`, String(n)];
    ip(node, 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns);
    ip(node, 'address', 'add', `10.8.${last}.1/24`, 'dev', device);
    ip(node, 'link', 'set', device, 'up');
    ip(netns, 'address', 'add', `10.8.${last}.2/24`, 'dev', 'eth0');
    ip(netns, 'link', 'set', 'eth0', 'up');
    ip(netns, 'route', 'add', 'default', 'via', `10.8.${last}.1`);
  }
  if (rules !== undefined) {
    const lines = portsOf(rules).map(
      (port) => `ip saddr 10.8.1.2 ip daddr 10.8.2.2 tcp dport ${String(port)} accept`,
    );
    const chain = [
      'type filter hook forward priority 0; policy drop;',
      'ct state established accept',
    ];
    const input = `table inet rules { chain forward {\n${[...chain, ...lines].join('\n')}\n}\n}\n`;
    execFileSync('nsenter', [`--net=/run/netns/${node}`, 'nft', '-f', '-'], { input });
  }
  return {
    name,
    client,
    server,
    address: '10.8.2.2',
    dispose: () => {
      for (const netns of [node, client, server]) execFileSync('ip', ['netns', 'delete', netns]);
    },
  };
}

/** A node of ours with as many rules. */
export async function ours(name: string, rules: number): Promise<Setup> {
  const node = new KernelNode(`bt-${name}`);
  const origin = { path: 'bench' };
  const endpoint = (app: string, last: number) => ({
    ...{ origin, name: app, node: node.name, labels: { app } },
    ...{ addresses: [`10.8.0.${String(last)}`], netns: `${node.name}-${app}` },
  });
  const document: ProgramDocument = {
    version: 1,
    nodes: [
      {
        ...{ origin, name: node.name, podCIDRs: ['10.8.0.0/24'], gateways: ['10.8.0.1'] },
        ...{ addresses: [], allowLocalhost: true, enforcement: 'default', mtu: 1500 },
      },
    ],
    endpoints: [endpoint('client', 11), endpoint('server', 12)],
    policies: [
      {
        ...{ origin, name: 'rules', endpointSelector: { matchLabels: { app: 'server' } } },
        ingress: portsOf(rules).map((port) => ({
          endpoints: [{ matchLabels: { app: 'client' } }],
          toPorts: [{ ports: [{ port, protocol: 'TCP' as const }] }],
        })),
      },
    ],
    services: [],
  };
  const [spec] = document.nodes;
  if (spec === undefined) throw new Error('there is no node');
  const allocation = allocateIdentities(document.endpoints);
  const compiled = compilePolicy({
    policies: document.policies,
    identities: allocation.identities,
    subjects: document.endpoints.map(({ labels }) => allocation.idOf(labels)),
    node: spec,
  });
  const hash = createHash('sha256').update(readFileSync(OBJECT)).digest('hex').slice(0, 16);
  const desired = synth({ document, node: spec, allocation, compiled, datapath: { hash } });
  await apply(plan(desired, await node.read()), node.instance);
  return {
    name,
    client: `${node.name}-client`,
    server: `${node.name}-server`,
    address: '10.8.0.12',
    dispose: () => {
      node.dispose();
    },
  };
}

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { TrafficAgent } from '../traffic/agent.js';
import { TestNode, type Result } from './node.js';
import { ProgramCopy } from './program.js';

export type Mode = 'tunnel' | 'routes';

/** Two nodes that share a link, and a world beyond each that is no node: `out0` of both leads there. */
export class TwoNodes {
  readonly agents = new Map<string, TrafficAgent>();
  readonly file = new ProgramCopy();
  readonly luke: TestNode;
  readonly leia: TestNode;
  readonly world: string;

  constructor(readonly prefix: string) {
    this.luke = new TestNode(`${prefix}-luke`);
    this.leia = new TestNode(`${prefix}-leia`);
    this.world = `${prefix}-world`;
    execFileSync('ip', ['netns', 'add', this.world]);
    const join = (a: string, nameA: string, b: string, nameB: string): void => {
      execFileSync('ip', [
        ...['link', 'add', nameA, 'netns', a, 'type', 'veth'],
        ...['peer', 'name', nameB, 'netns', b],
      ]);
    };
    join(this.luke.netns, 'up0', this.leia.netns, 'up0');
    join(this.luke.netns, 'out0', this.world, 'out0');
    join(this.leia.netns, 'out0', this.world, 'out1');
    this.#set(this.luke.netns, 'up0', '192.0.2.1/24', '2001:db8:2::1/64');
    this.#set(this.leia.netns, 'up0', '192.0.2.2/24', '2001:db8:2::2/64');
    this.#set(this.luke.netns, 'out0', '198.51.100.1/24', '2001:db8:51::1/64');
    this.#set(this.leia.netns, 'out0', '203.0.113.1/24', '2001:db8:71::1/64');
    this.#set(this.world, 'out0', '198.51.100.9/24', '2001:db8:51::9/64');
    this.#set(this.world, 'out1', '203.0.113.9/24', '2001:db8:71::9/64');
    execFileSync('ip', ['-netns', this.world, 'link', 'set', 'lo', 'up']);
    for (const node of [this.luke, this.leia]) {
      for (const name of ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding'])
        inNetns(node.netns, 'sysctl', '-qw', `${name}=1`);
    }
    const ways = [
      ['198.51.100.1', '10.6.0.0/16', '10.96.0.0/24'],
      ['2001:db8:51::1', 'fd06::/16', 'fd96::/64'],
      ['203.0.113.1', '10.6.2.0/24'],
      ['2001:db8:71::1', 'fd06:2::/64'],
    ] as const;
    for (const [gateway, ...ranges] of ways) {
      for (const range of ranges) inNetns(this.world, 'ip', 'route', 'add', range, 'via', gateway);
    }
    inNetns(this.leia.netns, 'ip', 'route', 'add', '198.51.100.0/24', 'via', '192.0.2.1');
  }

  /** Applies a program on both nodes, or on one that it means a change on. */
  async apply(program: string, only?: TestNode): Promise<void> {
    writeFileSync(this.file.path, program);
    for (const [node, name] of this.#named()) {
      if (only !== undefined && node !== only) continue;
      const result = await node.plumb('apply', this.file.path, '--yes', '--node', name);
      if (result.code !== 0) throw new Error(result.stderr + result.stdout);
    }
  }

  plan(node: TestNode, program?: string): Promise<Result> {
    if (program !== undefined) writeFileSync(this.file.path, program);
    const name = node === this.luke ? 'luke' : 'leia';
    return node.plumb('plan', this.file.path, '--node', name, '--detailed-exitcode');
  }

  /** An agent in a namespace, by a short name. */
  async agent(name: string, netns: string): Promise<TrafficAgent> {
    const agent = await TrafficAgent.open(netns);
    this.agents.set(name, agent);
    return agent;
  }

  async dispose(): Promise<void> {
    for (const agent of this.agents.values()) agent.close();
    await this.luke.dispose();
    await this.leia.dispose();
    execFileSync('ip', ['netns', 'delete', this.world]);
    this.file.dispose();
  }

  #named(): [TestNode, string][] {
    return [
      [this.luke, 'luke'],
      [this.leia, 'leia'],
    ];
  }

  #set(netns: string, device: string, four: string, six: string): void {
    inNetns(netns, 'ip', 'address', 'add', four, 'dev', device);
    inNetns(netns, 'ip', 'address', 'add', six, 'dev', device, 'nodad');
    inNetns(netns, 'ip', 'link', 'set', device, 'up');
  }
}

function inNetns(netns: string, ...command: readonly string[]): void {
  execFileSync('nsenter', [`--net=/run/netns/${netns}`, ...command]);
}

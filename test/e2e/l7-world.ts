import { execFileSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HttpAgent } from '../traffic/http-agent.js';
import type { Result } from './node.js';
import { TwoNodes } from './two-nodes.js';

/** What of HTTP is filtered, in TypeScript, and how packets come to the proxy. */
export interface L7Program {
  /** What comes to `web`. */
  readonly http: string;
  /** What `near` asks for. Default: `OWN`. */
  readonly egress?: string;
  readonly mode: 'socket' | 'tproxy' | 'nat';
  /** What may be asked of `web`. Default: 8080. */
  readonly port?: number;
}

export const OPEN = '{}';
export const NO = '🚫 keep out\n';
export const FILTERED = `{ rules: {
  http: [{ method: 'GET' }, { method: 'POST', path: '/v1/request-landing' }],
  denyBody: '🚫 keep out\\n',
} }`;
export const STAY = '⛔ stay at home\n';
const OWN = `{ rules: {
  http: [{ path: '/(v1|bytes|drip|wait)/.*' }],
  denyBody: '⛔ stay at home\\n',
} }`;

export const program = ({ http, egress = OWN, mode, port = 8080 }: L7Program): string => `
import { App, Cluster, Endpoint, NetworkPolicy, Node, Service, tcp } from 'plumbline';

const app = new App();
const cluster = new Cluster(app, 'outer-rim', { mode: 'tunnel' });
const luke = new Node(cluster, 'luke', {
  podCIDRs: ['10.6.1.0/24', 'fd06:1::/64'], addresses: ['192.0.2.1', '2001:db8:2::1'],
  devices: ['up0', 'out0'], allowLocalhost: false, redirectMode: '${mode}',
});
const leia = new Node(cluster, 'leia', {
  podCIDRs: ['10.6.2.0/24', 'fd06:2::/64'], addresses: ['192.0.2.2', '2001:db8:2::2'],
  devices: ['up0'],
});
const endpoint = (node: Node, n: number, name: string) =>
  new Endpoint(node, name, {
    labels: { app: name },
    addresses: ['10.6.' + n + '.11', 'fd06:' + n + '::11'].map((a, i) =>
      name === 'web' ? a : a.replace(/11$/, i === 0 ? '21' : '21')),
    netns: 'l7-' + name,
  });
endpoint(luke, 1, 'web');
endpoint(luke, 1, 'near');
endpoint(leia, 2, 'far');
for (const [i, name] of ['web', 'far'].entries()) {
  new Service(app, name, {
    addresses: ['10.96.6.' + (i + 1), 'fd96:6::' + (i + 1)],
    ports: [{ port: 80, targetPort: 8080 }],
    selector: { matchLabels: { app: name } },
  });
}
const http = ${http};
new NetworkPolicy(app, 'to-web', {
  endpointSelector: { matchLabels: { app: 'web' } },
  ingress: [
    { fromEndpoints: [{}], toPorts: [{ ports: [tcp(${String(port)})], ...http }] },
    { fromEntities: ['host', 'remote-node', 'world'], toPorts: [{ ports: [tcp(${String(port)})], ...http }] },
  ],
});
new NetworkPolicy(app, 'of-near', {
  endpointSelector: { matchLabels: { app: 'near' } },
  egress: [
    { toEndpoints: [{}], toPorts: [{ ports: [tcp(8080)], ...${egress} }] },
    { toCIDR: ['198.51.100.9/32', '2001:db8:51::9/128'], toPorts: [{ ports: [tcp(8080)], ...${egress} }] },
  ],
});
`;

/** Who asks, what for, and as whom the server sees it. */
export const CLIENTS = [
  ['near', '10.6.1.11:8080', '10.6.1.21'],
  ['near', '[fd06:1::11]:8080', 'fd06:1::21'],
  ['near', '10.96.6.1', '10.6.1.21'],
  ['near', '[fd96:6::1]', 'fd06:1::21'],
  ['far', '10.6.1.11:8080', '10.6.2.21'],
  ['far', '[fd06:1::11]:8080', 'fd06:2::21'],
  ['far', '10.96.6.1', '10.6.2.21'],
  ['far', '[fd96:6::1]', 'fd06:2::21'],
  ['host', '10.6.1.11:8080', '10.6.1.1'],
  ['host', '[fd06:1::11]:8080', 'fd06:1::1'],
  ['world', '10.6.1.11:8080', '198.51.100.9'],
  ['world', '[fd06:1::11]:8080', '2001:db8:51::9'],
] as const;

/** Whom `near` asks by its own rules, at what address, and as whom it is seen there. */
export const SERVERS = [
  ['far', '10.6.2.21:8080', '10.6.1.21'],
  ['far', '[fd06:2::21]:8080', 'fd06:1::21'],
  ['far', '10.96.6.2', '10.6.1.21'],
  ['far', '[fd96:6::2]', 'fd06:1::21'],
  ['web', '10.96.6.1', '10.6.1.21'],
  ['web', '[fd96:6::1]', 'fd06:1::21'],
  ['world', '198.51.100.9:8080', '10.6.1.21'],
  ['world', '[2001:db8:51::9]:8080', 'fd06:1::21'],
] as const;

/** Two nodes and the world, each place with somebody who asks; on the first is the server `web`. */
export class L7World {
  readonly #agents = new Map<string, HttpAgent>();

  private constructor(readonly nodes: TwoNodes) {}

  static async open(name: string, first: L7Program): Promise<L7World> {
    const world = new L7World(new TwoNodes(name));
    try {
      const { nodes } = world;
      await nodes.apply(program(first));
      const places = { web: 'l7-web', near: 'l7-near', far: 'l7-far', host: nodes.luke.netns };
      for (const [who, netns] of Object.entries({ ...places, world: nodes.world })) {
        world.#agents.set(who, await HttpAgent.open(netns));
      }
      for (const who of ['web', 'far', 'world']) await world.agent(who).serve(8080);
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  agent(who: string): HttpAgent {
    const found = this.#agents.get(who);
    if (found === undefined) throw new RangeError(`nobody is ${who}`);
    return found;
  }

  /** On the server's node: the other one has no rules of layer 7. */
  apply(wanted: L7Program): Promise<void> {
    return this.nodes.apply(program(wanted), this.nodes.luke);
  }

  plan(wanted: L7Program): Promise<Result> {
    return this.nodes.plan(this.nodes.luke, program(wanted));
  }

  /** What the server's node says in its own namespace. */
  inside(...command: readonly string[]): string {
    const netns = `--net=/run/netns/${this.nodes.luke.netns}`;
    return execFileSync('nsenter', [netns, ...command], { encoding: 'utf8' });
  }

  /** What would be done on the server's node. */
  async steps(wanted: L7Program): Promise<{ kind: string; action: string }[]> {
    const { luke, file } = this.nodes;
    writeFileSync(file.path, program(wanted));
    const plan = await luke.json<{ steps: { kind: string; action: string }[] }>(
      ...['plan', file.path, '--node', 'luke'],
    );
    return plan.steps;
  }

  /** Processes of the proxy on the server's node. */
  pids(what: 'haproxy' | 'supervisor'): number[] {
    return this.nodes.luke.pids(what);
  }

  /** Milliseconds since 1970. */
  supervisorStarted(): number {
    return statSync(join(this.nodes.luke.proxy, 'pid')).mtimeMs;
  }

  async close(): Promise<void> {
    for (const one of this.#agents.values()) one.close();
    await this.nodes.dispose();
  }
}

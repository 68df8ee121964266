import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrafficAgent } from '../traffic/agent.js';
import { inside, TestNode } from './node.js';
import { ProgramCopy } from './program.js';

const HEAD = `
import {
  App, CIDRGroup, ClusterNetworkPolicy, cidrs, Endpoint, Group, icmp, icmpv6, KubernetesNetworkPolicy,
  Namespace, NetworkPolicy, Node, Service, tcp,
} from 'plumbline';
void [CIDRGroup, ClusterNetworkPolicy, cidrs, Group, icmp, icmpv6, KubernetesNetworkPolicy, NetworkPolicy];
void Service;

const app = new App();
const node = new Node(app, 'naboo', { podCIDRs: ['10.6.0.0/24', 'fd06::/64'] });
const shop = new Namespace(node, 'shop', { labels: { team: 'red' } });
const lobby = new Namespace(node, 'lobby', { labels: { team: 'blue' } });
const make = (space: Namespace, name: string, last: number, http: number, audit = false) =>
  new Endpoint(space, name, {
    labels: { app: name.split('-')[0] ?? name },
    addresses: ['10.6.0.' + last, 'fd06::' + last],
    netns: 'lang-' + name,
    ports: { http: tcp(http) },
    audit,
  });
const old = make(shop, 'web-old', 21, 80);
const next = make(shop, 'web-new', 22, 8080);
const cart = make(shop, 'cart', 11, 80);
const guest = make(lobby, 'guest', 12, 80);
const web = new Group(shop, 'web', { labels: { app: 'web' } });
void [old, next, cart, guest, web];
`;
/** Line of what follows. */
const FIRST = HEAD.split('\n').length;
const NAMES = ['web-old', 'web-new', 'cart', 'guest'];
const OLD = ['10.6.0.21', 'fd06::21'] as const;
const NEW = ['10.6.0.22', 'fd06::22'] as const;

interface Event {
  readonly verdict: string;
  readonly reason: string;
  readonly policies: readonly {
    readonly origin: { readonly line: number };
    readonly log?: string;
  }[];
}

describe.sequential('the policy language on a node', () => {
  let node: TestNode;
  let file: ProgramCopy;
  const agents = new Map<string, TrafficAgent>();
  const reaches = async (from: string, to: readonly string[], port: number): Promise<boolean[]> => {
    const tries = to.map((address) => agents.get(from)!.probe('tcp', address, port));
    const answers = await Promise.all(tries);
    return answers.map((answer) => answer !== undefined);
  };
  const pings = async (from: string, to: string): Promise<boolean> =>
    (await agents.get(from)!.probe('icmp', to, 0)) !== undefined;
  const apply = async (text: string, [from, to] = ['', '']): Promise<void> => {
    expect(HEAD).toContain(from);
    writeFileSync(file.path, HEAD.replace(from, to) + text);
    const result = await node.plumb('apply', file.path, '--yes');
    expect(result.stderr).not.toContain('PLB_');
    expect(result.code).toBe(0);
    const again = await node.plumb('plan', file.path, '--detailed-exitcode');
    expect([again.code, again.stdout]).toEqual([0, again.stdout]);
  };
  const [YES, NO] = [
    [true, true],
    [false, false],
  ];

  beforeAll(async () => {
    file = new ProgramCopy();
    node = new TestNode('plumb-e2e-lang');
    await apply('');
    for (const name of NAMES) agents.set(name, await TrafficAgent.open(`lang-${name}`));
    for (const name of ['web-old', 'web-new', 'guest']) {
      await agents.get(name)!.serve('tcp', 80, name);
      await agents.get(name)!.serve('tcp', 8080, name);
    }
  });

  afterAll(async () => {
    for (const one of agents.values()) one.close();
    await node.dispose();
    file.dispose();
  });

  it('opens a port by the name that each endpoint has for it, in its own namespace', async () => {
    await apply(`
new NetworkPolicy(shop, 'own', {
  endpointSelector: { matchLabels: { app: 'web' } },
  ingress: [{ fromEndpoints: [{}], toPorts: [tcp('http')] }],
});`);
    expect(await reaches('cart', OLD, 80)).toEqual(YES);
    expect(await reaches('cart', OLD, 8080)).toEqual(NO);
    expect(await reaches('cart', NEW, 8080)).toEqual(YES);
    expect(await reaches('cart', NEW, 80)).toEqual(NO);
    expect(await reaches('guest', OLD, 80)).toEqual(NO);
  });

  it('lets another namespace in by a label of it, and pings by name', async () => {
    await apply(`
const blue = { matchLabels: { 'io.cilium.k8s.namespace.labels.team': 'blue' } };
new NetworkPolicy(shop, 'own', {
  endpointSelector: { matchLabels: { app: 'web' } },
  ingress: [{
    fromEndpoints: [blue],
    icmps: [{ fields: [{ type: 'EchoRequest' }, { family: 'IPv6', type: 'EchoRequest' }] }],
  }],
});`);
    expect([await pings('guest', OLD[0]), await pings('guest', OLD[1])]).toEqual(YES);
    expect([await pings('cart', OLD[0]), await pings('cart', OLD[1])]).toEqual(NO);
    expect(await reaches('guest', OLD, 80)).toEqual(NO);
  });

  it('lets tiers speak before and after policies without one', async () => {
    const tier = (name: string, rest: string): string => `
new ClusterNetworkPolicy(app, '${name}', { endpointSelector: { matchLabels: { app: 'web' } }, ${rest} });`;
    const guard = tier(
      'guard',
      `tier: 'Admin', priority: 1, ingress: [
  { action: 'Accept', fromEndpoints: [{ matchLabels: { app: 'guest' } }], toPorts: [tcp(8080)] },
  { action: 'Deny', fromEndpoints: [{ matchLabels: { app: 'cart' } }], toPorts: [tcp(8080)] },
]`,
    );
    const base = tier(
      'base',
      `tier: 'Baseline', priority: 0, ingress: [{ action: 'Deny', fromEntities: ['all'] }]`,
    );
    await apply(guard + base);
    expect(await reaches('guest', OLD, 8080)).toEqual(YES);
    expect(await reaches('guest', OLD, 80)).toEqual(NO);
    await apply(`${guard}${base}
new KubernetesNetworkPolicy(shop, 'own', {
  podSelector: { matchLabels: { app: 'web' } },
  ingress: [{ from: [{ podSelector: {} }] }],
});`);
    expect(await reaches('cart', OLD, 80)).toEqual(YES);
    expect(await reaches('cart', OLD, 8080)).toEqual(NO);
    expect(await reaches('guest', OLD, 8080)).toEqual(YES);
    expect(await reaches('guest', OLD, 80)).toEqual(NO);
  });

  it('drops nothing for an audited policy, and tells of what it would have dropped', async () => {
    await apply(`
new NetworkPolicy(shop, 'trial', {
  endpointSelector: { matchLabels: { app: 'web' } },
  audit: true,
  log: { value: 'trial-run' },
  ingress: [{ fromEndpoints: [{}] }],
});`);
    await node.plumb('monitor', '--once');
    expect(await reaches('guest', OLD, 80)).toEqual(YES);
    const events = await node.json<Event[]>('monitor', '--once', '--verdict', 'audited');
    expect(events.length).toBeGreaterThan(0);
    for (const event of events) {
      expect(event).toMatchObject({ verdict: 'audited', reason: 'policy-default-deny' });
      expect(event.policies).toMatchObject([{ origin: { line: FIRST + 1 }, log: 'trial-run' }]);
    }
    const verdict = await node.plumb('verdict', 'guest', 'web-old', '80');
    expect(verdict.stdout).toContain('only audited: policy-default-deny');
    expect(verdict.stdout).toContain('[trial-run]');
  });

  it('does what endpoints and groups say, and means endpoints by a prefix that says so', async () => {
    await apply(`
web.allowFrom(cart, tcp(80));
next.denyFrom(cart, tcp(80));
new CIDRGroup(app, 'visitors', { cidrs: ['10.6.0.12/32'] });
new NetworkPolicy(app, 'visit', {
  endpointSelector: { matchLabels: { app: 'web' } },
  ingress: [{
    fromCIDRSet: [{ cidrGroupRef: 'visitors' }], cidrMatchMode: ['pods'], toPorts: [tcp(8080)],
  }],
});`);
    expect(await reaches('cart', OLD, 80)).toEqual(NO);
    expect(await reaches('guest', OLD, 8080)).toEqual(YES);
    expect(await reaches('cart', OLD, 8080)).toEqual(NO);
    const verdict = await node.plumb('verdict', 'cart', 'web-new', '80');
    expect(verdict.stdout).toContain(`plumb.ts:${String(FIRST + 2)}`);
  });

  it('lets an endpoint send to the back-ends of a service that a rule names, by its address too', async () => {
    await apply(`
new Service(app, 'old', {
  addresses: ['10.96.6.1', 'fd96:6::1'],
  ports: [{ port: 8000, targetPort: 80 }],
  backends: [{ endpoint: old }],
});
new Service(app, 'guests', {
  addresses: ['10.96.6.2', 'fd96:6::2'],
  ports: [{ port: 8000, targetPort: 80 }],
  backends: [{ endpoint: guest }],
});
new NetworkPolicy(shop, 'asks', {
  endpointSelector: { matchLabels: { app: 'cart' } },
  egress: [{ toServices: ['old'] }],
});`);
    expect(await reaches('cart', ['10.96.6.1', 'fd96:6::1'], 8000)).toEqual(YES);
    expect(await reaches('cart', OLD, 80)).toEqual(YES);
    expect(await reaches('cart', ['10.96.6.2', 'fd96:6::2'], 8000)).toEqual(NO);
    expect(await reaches('cart', ['10.6.0.12', 'fd06::12'], 80)).toEqual(NO);
    expect(await reaches('web-old', ['10.96.6.2', 'fd96:6::2'], 8000)).toEqual(YES);
  });

  it.each([
    ['an endpoint', ", 'web-old', 21, 80)", ", 'web-old', 21, 80, true)", NO],
    ['a node', "'fd06::/64'] });", "'fd06::/64'], audit: true });", YES],
  ])('drops nothing that %s is only audited for, and tells of it', async (_, from, to, others) => {
    const shut = `
new NetworkPolicy(shop, 'shut', {
  endpointSelector: { matchLabels: { app: 'web' } },
  ingress: [{ fromEndpoints: [] }],
});`;
    await apply(shut, [from, to]);
    await node.plumb('monitor', '--once');
    expect(await reaches('guest', OLD, 80)).toEqual(YES);
    expect(await reaches('guest', NEW, 80)).toEqual(others);
    const events = await node.json<Event[]>('monitor', '--once', '--endpoint', 'web-old');
    expect(events.length).toBeGreaterThan(0);
    for (const event of events)
      expect(event).toMatchObject({ verdict: 'audited', reason: 'policy-default-deny' });
    await apply(shut);
    expect(await reaches('guest', OLD, 80)).toEqual(NO);
  });

  it('answers for every neighbor that an endpoint may ask for, in both families', async () => {
    await apply('');
    const neighbors = (...args: readonly string[]) =>
      inside('lang-cart', 'ip', 'neighbor', ...args, 'dev', 'eth0');
    // Also those that plumb made: flush spares them.
    for (const gateway of ['10.6.0.1', 'fd06::1'])
      expect((await neighbors('delete', gateway)).code).toBe(0);
    expect((await neighbors('flush', 'all')).code).toBe(0);
    expect((await neighbors('show')).stdout).toBe('');
    expect(await reaches('cart', OLD, 80)).toEqual(YES);
    expect([await pings('cart', OLD[0]), await pings('cart', OLD[1])]).toEqual(YES);
    const learned = (await neighbors('show')).stdout;
    for (const gateway of ['10.6.0.1', 'fd06::1'])
      expect(learned).toMatch(
        new RegExp(`^${gateway} lladdr [0-9a-f:]{17} (REACHABLE|DELAY)`, 'm'),
      );
  });
});

import {
  App,
  CIDRGroup,
  cidrs,
  dns,
  Endpoint,
  entities,
  Group,
  http,
  icmp,
  names,
  Namespace,
  Node,
  nodes,
  Service,
  tcp,
  tls,
  udp,
  type Subject,
} from 'plumbline';
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { PolicySpec } from '../../src/model/program.js';

const code = (expected: string): Error => expect.objectContaining({ code: expected });

function galaxy() {
  const app = new App();
  const hoth = new Node(app, 'hoth', { podCIDRs: ['10.1.0.0/24'] });
  const deathstar = new Endpoint(hoth, 'deathstar', {
    labels: { org: 'empire', class: 'deathstar' },
    ports: { http: tcp(80) },
    address: '10.1.0.8',
  });
  const empire = new Group(app, 'empire', { labels: { org: 'empire' } });
  const policies = (): readonly PolicySpec[] => app.toDocument().policies;
  return { app, hoth, deathstar, empire, policies };
}

describe('what endpoints and groups may do', () => {
  test('is a policy of its own for each call', () => {
    const { deathstar, empire, policies } = galaxy();
    deathstar.allowFrom(empire, tcp(80), udp(53));
    const [policy] = policies();
    expect(policy).toEqual({
      name: 'deathstar-allow-from-empire',
      origin: {
        path: 'hoth/deathstar/allow-from-empire',
        file: expect.stringContaining('intent.test.ts'),
        line: expect.any(Number),
        column: expect.any(Number),
      },
      endpointSelector: { matchLabels: { org: 'empire', class: 'deathstar' } },
      ingress: [
        {
          endpoints: [{ matchLabels: { org: 'empire' } }],
          toPorts: [{ ports: [tcp(80), udp(53)] }],
        },
      ],
    });
  });

  test('may be said twice, of other ports', () => {
    const { deathstar, empire, policies } = galaxy();
    deathstar.allowFrom(empire, tcp(80));
    deathstar.allowFrom(empire, tcp(443));
    expect(policies().map(({ name }) => name)).toEqual([
      'deathstar-allow-from-empire',
      'deathstar-allow-from-empire-2',
    ]);
  });

  test('is everything without ports, and another rule for ICMP', () => {
    const { deathstar, empire, policies } = galaxy();
    empire.allowTo(deathstar);
    empire.allowTo(entities('world'), tcp(443), icmp('EchoRequest'));
    const [all, some] = policies();
    expect(all?.egress).toEqual([{ endpoints: [deathstar.selector] }]);
    expect(some?.egress).toEqual([
      { entities: ['world'], toPorts: [{ ports: [tcp(443)] }] },
      { entities: ['world'], icmps: [{ fields: [{ family: 'IPv4', type: 'EchoRequest' }] }] },
    ]);
  });

  test('is taken away by a denial that leaves everybody else alone', () => {
    const { deathstar, empire, policies } = galaxy();
    deathstar.denyFrom(cidrs('192.0.2.0/24'));
    empire.denyTo(deathstar, tcp(80));
    // In the order of the tree, where the group was made after the node.
    const byName = [...policies()].sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(byName).toMatchObject([
      { ingressDeny: [{ cidr: ['192.0.2.0/24'] }], enableDefaultDeny: { ingress: false } },
      { egressDeny: [{ endpoints: [deathstar.selector] }], enableDefaultDeny: { egress: false } },
    ]);
  });

  test('reaches names in the DNS', () => {
    const { empire, policies } = galaxy();
    empire.allowTo(names('www.example.org', '*.example.net'), tcp(443));
    expect(policies()[0]?.egress?.[0]?.fqdns).toEqual([
      { matchName: 'www.example.org' },
      { matchPattern: '*.example.net' },
    ]);
  });

  test('reaches back-ends of a service, on the ports where they listen', () => {
    const { app, empire, policies } = galaxy();
    const ports = [
      { port: 80, targetPort: 8080 },
      { port: 53, protocol: 'UDP' as const },
    ];
    const selector = { matchLabels: { class: 'deathstar' } };
    const landing = new Service(app, 'landing', { addresses: ['10.96.0.1'], ports, selector });
    empire.allowTo(landing);
    empire.denyTo(landing, tcp(22));
    const [open, shut] = policies();
    expect(open).toMatchObject({
      name: 'empire-allow-to-landing',
      egress: [{ services: ['landing'], toPorts: [{ ports: [tcp(8080), udp(53)] }] }],
    });
    expect(shut?.egressDeny).toEqual([{ services: ['landing'], toPorts: [{ ports: [tcp(22)] }] }]);
  });

  test('is about groups of prefixes by their name', () => {
    const { app, deathstar, policies } = galaxy();
    const office = new CIDRGroup(app, 'office', { cidrs: ['192.0.2.0/24'] });
    deathstar.allowFrom(office, tcp(80));
    expect(policies()[0]).toMatchObject({
      name: 'deathstar-allow-from-office',
      ingress: [{ cidrGroups: [{ name: 'office' }], toPorts: [{ ports: [tcp(80)] }] }],
    });
  });

  test('is about nodes by their labels, one of them or all that have some', () => {
    const { app, deathstar, policies } = galaxy();
    const labels = { role: 'edge' };
    const endor = new Node(app, 'endor', { podCIDRs: ['10.2.0.0/24'], labels });
    deathstar.allowFrom(endor);
    deathstar.denyFrom(nodes({}), tcp(22));
    expect(policies().map(({ ingress, ingressDeny }) => ingress ?? ingressDeny)).toEqual([
      [{ nodes: [{ matchLabels: labels }] }],
      [{ nodes: [{ matchLabels: {} }], toPorts: [{ ports: [tcp(22)] }] }],
    ]);
  });

  test('may be requests of HTTP, beside plain ports and ICMP', () => {
    const { deathstar, empire, policies } = galaxy();
    const landing = { method: 'POST', path: '/v1/request-landing' };
    deathstar.allowFrom(empire, http(80, landing), tcp(443), icmp('EchoRequest'));
    const peers = { endpoints: [empire.selector] };
    expect(policies()[0]?.ingress).toEqual([
      {
        ...peers,
        toPorts: [{ ports: [tcp(443)] }, { ports: [tcp(80)], rules: { http: [landing] } }],
      },
      { ...peers, icmps: [{ fields: [icmp('EchoRequest')] }] },
    ]);
  });

  test('may be names of TLS servers, and questions about names', () => {
    const { empire, policies } = galaxy();
    empire.allowTo(entities('world'), tls(443, '*.example.org'), dns('*.example.org', 'a.example'));
    const ask = [{ matchPattern: '*.example.org' }, { matchName: 'a.example' }];
    expect(policies()[0]?.egress?.[0]?.toPorts).toEqual([
      { ports: [tcp(443)], serverNames: ['*.example.org'] },
      { ports: [tcp(53), udp(53)], rules: { dns: ask } },
    ]);
  });

  test('is said of endpoints of a namespace by a group in it', () => {
    const { app } = galaxy();
    const group = new Group(new Namespace(app, 'alliance'), 'all', { labels: {} });
    expect(group.selector).toEqual({ matchLabels: { 'io.kubernetes.pod.namespace': 'alliance' } });
  });
});

describe('what makes no sense', () => {
  test('is refused by types where they can say it', () => {
    type From = Parameters<Subject['allowFrom']>[0];
    type To = Parameters<Subject['allowTo']>[0];
    expectTypeOf(names('a')).not.toExtend<From>();
    expectTypeOf(names('a')).toExtend<To>();
    expectTypeOf(names('a')).not.toExtend<Parameters<Subject['denyTo']>[0]>();
    expectTypeOf<string>().not.toExtend<To>();
    expectTypeOf<[]>().not.toExtend<Parameters<typeof cidrs>>();
    expectTypeOf<Service>().toExtend<To>();
    expectTypeOf<Service>().not.toExtend<From>();
    expectTypeOf<CIDRGroup | Node>().toExtend<From>();
    type InFrom = Parameters<Subject['allowFrom']>[1];
    type Denied = Parameters<Subject['denyTo']>[1];
    expectTypeOf(http(80)).toExtend<InFrom>();
    expectTypeOf(dns()).not.toExtend<InFrom>();
    expectTypeOf(http(80)).not.toExtend<Denied>();
    expectTypeOf(tls(443, 'a.b')).not.toExtend<Denied>();
  });

  test('is refused when it gets around types', () => {
    const { deathstar } = galaxy();
    const from = names('www.example.org') as never;
    expect(() => deathstar.allowFrom(from)).toThrow(code('PLB_INVALID_FQDN'));
  });

  test('is an endpoint without labels: nothing selects it alone', () => {
    const { hoth, empire } = galaxy();
    const bare = new Endpoint(hoth, 'bare', { labels: {}, address: '10.1.0.9' });
    expect(() => bare.allowFrom(empire)).toThrow(code('PLB_SUBJECT'));
  });

  test('is a node without labels as a peer, too', () => {
    const { hoth, deathstar } = galaxy();
    expect(() => deathstar.allowFrom(hoth)).toThrow(code('PLB_SUBJECT'));
  });
});

import {
  App,
  cidrs,
  Endpoint,
  entities,
  Group,
  icmp,
  names,
  Namespace,
  Node,
  tcp,
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
});

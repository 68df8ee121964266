import {
  CIDRGroup,
  ClusterNetworkPolicy,
  NetworkPolicy,
  tcp,
  type EgressRule,
  type Entity,
  type IngressRule,
} from 'plumbline';
import { provenOnKernel, type Line } from './lines.js';

const endpointSelector = { matchLabels: { app: 'web' } };
const RESERVED = ['host', 'remote-node', 'health', 'init', 'ingress', 'unmanaged'] as const;
const EVERYBODY = ['world', 'cart', 'remote', 'hoth', ...RESERVED];

/** The local host has no right of its own. */
const node = { allowLocalhost: false };
const from =
  (...ingress: IngressRule[]): Line['say'] =>
  ({ app }) =>
    new NetworkPolicy(app, 'p', { endpointSelector, ingress });
const to =
  (...egress: EgressRule[]): Line['say'] =>
  ({ app }) =>
    new NetworkPolicy(app, 'p', { endpointSelector, egress });

/** An entity, on ingress: who reaches the web, and of everybody who does not. */
const entity = (name: Entity, reach: readonly string[], line: string): Line => ({
  line,
  node,
  say: from({ fromEntities: [name] }),
  allowed: reach.map((who) => `${who} > web 80`),
  denied: EVERYBODY.filter((who) => !reach.includes(who)).map((who) => `${who} > web 80`),
});
const ADDRESSES = ['198.51.100.7 > web 80', '2001:db8:ffff::7 > web 80'];

provenOnKernel('peers', [
  {
    line: 'are those that all terms of one selector match, and any selector of the list',
    say: from({
      fromEndpoints: [
        { matchLabels: { app: 'probe', role: 'other' } },
        {
          matchLabels: { app: 'probe' },
          matchExpressions: [{ key: 'role', operator: 'In', values: ['test'] }],
        },
        { matchLabels: { app: 'cart' } },
      ],
    }),
    allowed: ['probe > web 80', 'cart > web 80'],
    denied: ['canary > web 80', 'guest > web 80', 'world > web 80'],
  },
  {
    line: 'by label are endpoints of other nodes, too',
    say: to({ toEndpoints: [{ matchLabels: { app: 'remote' } }] }),
    allowed: ['web > remote 80'],
    denied: ['web > cart 80', 'web > world 80'],
  },
  {
    line: 'by prefix are who is outside with an address in it',
    say: from({ fromCIDR: ['198.51.100.0/24', '2001:db8:ffff::/48'] }),
    allowed: ADDRESSES,
    denied: ['198.51.101.7 > web 80', '2001:db8:fffe::7 > web 80', 'cart > web 80'],
  },
  {
    line: 'by prefix are not who is excepted inside it',
    say: to({
      toCIDRSet: [
        { cidr: '198.51.100.0/24', except: ['198.51.100.0/28'] },
        { cidr: '2001:db8::/32', except: ['2001:db8:ffff::/48'] },
      ],
    }),
    allowed: ['web > 198.51.100.16 80', 'web > 2001:db8:1::1 80'],
    denied: ['web > 198.51.100.7 80', 'web > 2001:db8:ffff::7 80'],
  },
  {
    line: 'by group are those in its prefixes, by its name or its labels',
    say: ({ app }) => {
      new CIDRGroup(app, 'office', { cidrs: ['198.51.100.0/24'] });
      new CIDRGroup(app, 'home', { cidrs: ['203.0.113.0/24'], labels: { kind: 'own' } });
      const own = { cidrGroupSelector: { matchLabels: { kind: 'own' } } };
      const fromCIDRSet = [{ cidrGroupRef: 'office', except: ['198.51.100.0/28'] }, own];
      new NetworkPolicy(app, 'p', { endpointSelector, ingress: [{ fromCIDRSet }] });
    },
    allowed: ['198.51.100.16 > web 80', '203.0.113.1 > web 80'],
    denied: ['198.51.100.7 > web 80', '192.0.2.1 > web 80', 'cart > web 80'],
  },
  {
    line: 'by a group without prefixes are nobody',
    say: ({ app }) => {
      new CIDRGroup(app, 'none', { cidrs: [] });
      const fromCIDRSet = [{ cidrGroupRef: 'none' }];
      new NetworkPolicy(app, 'p', { endpointSelector, ingress: [{ fromCIDRSet }] });
    },
    denied: ['world > web 80', 'cart > web 80'],
  },
  {
    line: 'by prefix are no endpoints or nodes, whatever their addresses',
    node,
    say: from({ fromCIDR: ['0.0.0.0/0', '::/0', '10.6.0.0/24', '192.168.6.0/24'] }),
    allowed: ['world > web 80'],
    denied: ['cart > web 80', 'remote > web 80', 'host > web 80', 'hoth > web 80'],
  },
  {
    line: 'by prefix are endpoints where cidrMatchMode says pods',
    node,
    say: from({ fromCIDR: ['10.6.0.23/32'], cidrMatchMode: ['pods'] }),
    allowed: ['cart > web 80'],
    denied: ['guest > web 80', 'host > web 80', 'world > web 80'],
  },
  {
    line: 'by prefix are nodes where cidrMatchMode says nodes',
    node,
    say: from({ fromCIDR: ['192.168.6.2/32'], cidrMatchMode: ['nodes'] }),
    allowed: ['hoth > web 80'],
    denied: ['endor > web 80', 'host > web 80', 'cart > web 80'],
  },
  {
    line: 'by network in a tier are endpoints where it says pods',
    say: ({ app }) =>
      new ClusterNetworkPolicy(app, 'p', {
        tier: 'Admin',
        priority: 1,
        endpointSelector,
        ingress: [{ action: 'Deny', fromCIDR: ['10.6.0.23/32'], cidrMatchMode: ['pods'] }],
      }),
    allowed: ['guest > web 80', 'world > web 80'],
    denied: ['cart > web 80'],
  },
  entity('all', EVERYBODY, 'all is everybody'),
  entity('none', [], 'none is nobody'),
  entity('world', ['world'], 'world is everybody outside, in both families'),
  entity(
    'cluster',
    EVERYBODY.filter((who) => who !== 'world'),
    'cluster is every endpoint and node, and who is like one',
  ),
  entity('host', ['host'], 'host is this node'),
  entity('remote-node', ['remote-node', 'hoth'], 'remote-node is any other node'),
  entity('init', ['init'], 'init is who has no labels yet'),
  entity('health', ['health'], 'health is who asks after health'),
  entity('ingress', ['ingress'], 'ingress is the proxy at the edge'),
  entity('unmanaged', ['unmanaged'], 'unmanaged is who is in a range and nobody knows'),
  {
    ...entity('kube-apiserver', ['hoth'], 'kube-apiserver is a node that serves the API'),
    denied: ['endor > web 80', 'host > web 80', 'world > web 80', 'cart > web 80'],
  },
  {
    line: 'world-ipv4 is who is outside with such an address',
    say: from({ fromEntities: ['world-ipv4'] }),
    allowed: ['198.51.100.7 > web 80'],
    denied: ['2001:db8:ffff::7 > web 80', 'cart > web 80'],
  },
  {
    line: 'world-ipv6 is who is outside with such an address',
    say: from({ fromEntities: ['world-ipv6'] }),
    allowed: ['2001:db8:ffff::7 > web 80'],
    denied: ['198.51.100.7 > web 80', 'cart > web 80'],
  },
  {
    line: '0.0.0.0/0 is world-ipv4, in the cluster nobody',
    node,
    say: from({ fromCIDR: ['0.0.0.0/0'] }),
    allowed: ['198.51.100.7 > web 80'],
    denied: ['2001:db8:ffff::7 > web 80', 'cart > web 80', 'host > web 80', 'hoth > web 80'],
  },
  {
    line: 'by toEntities are the same',
    say: to({ toEntities: ['world', 'host', 'kube-apiserver'] }),
    allowed: ['web > world 80', 'web > host 80', 'web > hoth 6443'],
    denied: ['web > endor 80', 'web > cart 80', 'web > remote 80'],
  },
  {
    line: 'by node labels are nodes, this one too',
    node,
    say: from({ fromNodes: [{ matchLabels: { rack: 'a' } }, { matchLabels: { rack: 'b' } }] }),
    allowed: ['host > web 80', 'hoth > web 80'],
    denied: ['endor > web 80', 'cart > web 80', 'world > web 80'],
  },
  {
    line: 'by toNodes are nodes, and {} is each of them',
    say: to({ toNodes: [{}] }),
    allowed: ['web > host 80', 'web > hoth 80', 'web > endor 80'],
    denied: ['web > cart 80', 'web > world 80', 'web > remote 80'],
  },
  {
    line: 'by service are its back-ends, at their port, through it or past it',
    say: ({ app }) => {
      const egress = [{ toServices: ['till'], toPorts: [tcp(8080)] }];
      new NetworkPolicy(app, 'p', { endpointSelector: { matchLabels: { app: 'cart' } }, egress });
    },
    allowed: ['cart > till 80', 'cart > web 8080'],
    denied: ['cart > web 80', 'cart > guest 8080', 'cart > world 8080'],
  },
  {
    line: 'by name are the addresses that the DNS gave for it',
    learned: [
      { name: 'www.example.org', addresses: ['203.0.113.1', '2001:db8:2::1'] },
      { name: 'example.org', addresses: ['203.0.113.2'] },
    ],
    say: to({ toFQDNs: [{ matchName: 'www.example.org' }] }),
    allowed: ['web > 203.0.113.1 443', 'web > 2001:db8:2::1 443'],
    denied: ['web > 203.0.113.2 443', 'web > world 443', 'web > cart 443'],
  },
  {
    line: 'by pattern are names with one label for a star',
    learned: [
      { name: 'www.example.org', addresses: ['203.0.113.1'] },
      { name: 'a.www.example.org', addresses: ['203.0.113.2'] },
      { name: 'example.org', addresses: ['203.0.113.3'] },
    ],
    say: to({ toFQDNs: [{ matchPattern: '*.example.org' }] }),
    allowed: ['web > 203.0.113.1 443'],
    denied: ['web > 203.0.113.2 443', 'web > 203.0.113.3 443'],
  },
  {
    line: 'by pattern are names of any depth for two leading stars',
    learned: [
      { name: 'www.example.org', addresses: ['203.0.113.1'] },
      { name: 'a.www.example.org', addresses: ['203.0.113.2'] },
      { name: 'www.example.net', addresses: ['203.0.113.3'] },
    ],
    say: to({ toFQDNs: [{ matchPattern: '**.example.org' }] }),
    allowed: ['web > 203.0.113.1 443', 'web > 203.0.113.2 443'],
    denied: ['web > 203.0.113.3 443', 'web > world 443'],
  },
  {
    line: 'by a star alone are all names, and no address without one',
    learned: [{ name: 'a.b.c', addresses: ['203.0.113.1'] }],
    say: to({ toFQDNs: [{ matchPattern: '*' }] }),
    allowed: ['web > 203.0.113.1 443'],
    denied: ['web > 203.0.113.2 443', 'web > cart 443'],
  },
  {
    line: 'always are the local host, whatever policies say',
    say: from({ fromEndpoints: [] }),
    allowed: ['host > web 80'],
    denied: ['hoth > web 80', 'cart > web 80'],
  },
  {
    line: 'are not the local host where the node switches that off',
    node,
    say: from({ fromEndpoints: [] }),
    denied: ['host > web 80', 'hoth > web 80', 'cart > web 80'],
  },
]);

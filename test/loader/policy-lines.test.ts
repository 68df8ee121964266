import { expect, test } from 'vitest';
import { load } from './program.js';

const HEAD = `import {
  App, CIDRGroup, ClusterNetworkPolicy, Endpoint, Group, KubernetesNetworkPolicy, Namespace,
  Node, tcp,
} from 'plumbline';
const app = new App();
const hoth = new Node(app, 'hoth', { podCIDRs: ['10.1.0.0/24'], labels: { 'k8s:role': 'core' } });
const alliance = new Namespace(app, 'alliance');
const xwing = new Endpoint(hoth, 'xwing', {
  labels: { 'k8s:org': 'alliance' }, namespace: alliance, address: '10.1.0.8',
});
void [CIDRGroup, ClusterNetworkPolicy, Group, KubernetesNetworkPolicy, tcp, xwing];
`;
const LINES = HEAD.split('\n').length;

test('what an endpoint is said to allow has the line of the call, and so has its rule', async () => {
  const { document } = await load(`${HEAD}
const empire = new Group(app, 'empire', { labels: { org: 'empire' } });
xwing.allowFrom(
  empire,
  tcp(80),
);`);
  const [policy] = document.policies;
  expect(policy).toMatchObject({ origin: { file: 'plumb.ts', line: LINES + 2 } });
  expect(policy?.ingress?.[0]?.origin).toMatchObject({ line: LINES + 2 });
});

test('rules of a tier have lines of their own', async () => {
  const { document } = await load(`${HEAD}
new ClusterNetworkPolicy(app, 'guard', {
  tier: 'Admin',
  priority: 1,
  endpointSelector: {},
  ingress: [
    { action: 'Pass', fromEntities: ['cluster'] },
    { action: 'Deny', fromEntities: ['all'] },
  ],
});`);
  const lines = document.policies[0]?.ingress?.map(({ origin }) => origin?.line);
  expect(lines).toEqual([LINES + 6, LINES + 7]);
});

test('labels lose the source k8s, groups become prefixes, and prefixes labels, before anything reads them', async () => {
  const { document } = await load(`${HEAD}
new CIDRGroup(app, 'pods', { cidrs: ['10.1.0.0/28'] });
new ClusterNetworkPolicy(app, 'guard', {
  tier: 'Admin',
  priority: 1,
  endpointSelector: { matchLabels: { 'k8s:org': 'alliance' } },
  egress: [
    { action: 'Deny', toCIDRSet: [{ cidrGroupRef: 'pods' }], cidrMatchMode: ['pods'] },
  ],
});`);
  expect(document.nodes[0]?.labels).toEqual({ role: 'core' });
  expect(document.endpoints[0]?.labels).toMatchObject({ org: 'alliance', 'cidr:10.1.0.0/28': '' });
  expect(document.policies[0]).toMatchObject({
    endpointSelector: { matchLabels: { org: 'alliance' } },
    egress: [{ action: 'Deny', cidrSet: [{ cidr: '10.1.0.0/28' }] }],
  });
});

import { KubernetesNetworkPolicy, NetworkPolicy, tcp } from 'plumbline';
import { provenOnKernel } from './lines.js';

const endpointSelector = { matchLabels: { app: 'web' } };
const CART = { matchLabels: { app: 'cart' } };

provenOnKernel('trap:', [
  {
    line: 'egress [{}] denies all in a NetworkPolicy',
    say: ({ shop }) => new NetworkPolicy(shop, 'p', { endpointSelector, egress: [{}] }),
    denied: ['web > cart 80', 'web > world 80', 'web > host 80'],
    allowed: ['cart > web 80'],
  },
  {
    line: 'egress [{}] allows all in a KubernetesNetworkPolicy',
    say: ({ shop }) => {
      const podSelector = endpointSelector;
      new KubernetesNetworkPolicy(shop, 'p', {
        podSelector,
        policyTypes: ['Egress'],
        egress: [{}],
      });
    },
    allowed: ['web > cart 80', 'web > world 80', 'web > host 80', 'cart > web 80'],
  },
  {
    line: 'ingress [] has no effect',
    say: ({ app }) => new NetworkPolicy(app, 'p', { endpointSelector, ingress: [] }),
    allowed: ['cart > web 80', 'world > web 80'],
  },
  {
    line: 'fromEndpoints [] is nobody',
    say: ({ app }) => {
      const ingress = [{ fromEndpoints: [], toPorts: [tcp(80)] }];
      new NetworkPolicy(app, 'p', { endpointSelector, ingress });
    },
    denied: ['cart > web 80', 'world > web 80'],
  },
  {
    line: 'fromEndpoints that is absent is anybody',
    say: ({ app }) =>
      new NetworkPolicy(app, 'p', { endpointSelector, ingress: [{ toPorts: [tcp(80)] }] }),
    allowed: ['cart > web 80', 'world > web 80'],
    denied: ['cart > web 81'],
  },
  {
    line: 'toCIDR [] and toEntities [] are nobody, too',
    say: ({ app }) => {
      const egress = [
        { toCIDR: [], toPorts: [tcp(80)] },
        { toEntities: [], toPorts: [tcp(80)] },
      ];
      new NetworkPolicy(app, 'p', { endpointSelector, egress });
    },
    denied: ['web > world 80', 'web > cart 80'],
  },
  {
    line: 'fromEndpoints [{}] of a policy in a namespace is that namespace',
    node: { allowLocalhost: false },
    say: ({ shop }) =>
      new NetworkPolicy(shop, 'p', { endpointSelector, ingress: [{ fromEndpoints: [{}] }] }),
    allowed: ['cart > web 80', 'remote > web 80'],
    denied: ['guest > web 80', 'host > web 80', 'world > web 80', 'hoth > web 80'],
  },
  {
    line: 'fromEndpoints [{}] of a cluster-wide policy is every endpoint, not host or world',
    node: { allowLocalhost: false },
    say: ({ app }) =>
      new NetworkPolicy(app, 'p', { endpointSelector, ingress: [{ fromEndpoints: [{}] }] }),
    allowed: ['cart > web 80', 'guest > web 80', 'remote > web 80'],
    denied: ['host > web 80', 'world > web 80', 'hoth > web 80'],
  },
  {
    line: 'both sides must allow',
    say: ({ app }) => {
      new NetworkPolicy(app, 'p', { endpointSelector, ingress: [{ fromEndpoints: [CART] }] });
      const egress = [{ toEndpoints: [endpointSelector], toPorts: [tcp(80)] }];
      new NetworkPolicy(app, 'q', { endpointSelector: CART, egress });
      new NetworkPolicy(app, 'r', {
        endpointSelector: { matchLabels: { app: 'guest' } },
        egress: [{ toEntities: ['all'] }],
      });
    },
    allowed: ['cart > web 80'],
    denied: ['cart > web 81', 'guest > web 80', 'cart > guest 80'],
  },
  {
    line: 'an endpoint always reaches itself',
    say: ({ app }) =>
      new NetworkPolicy(app, 'p', { endpointSelector, ingress: [{}], egress: [{}] }),
    allowed: ['web > web 80'],
    denied: ['web > canary 80', 'cart > web 80'],
  },
  {
    line: 'a node is host to its own endpoints and remote-node to others',
    node: { allowLocalhost: false },
    say: ({ app }) => {
      new NetworkPolicy(app, 'p', { endpointSelector, ingress: [{ fromEntities: ['host'] }] });
      const ingress = [{ fromEntities: ['remote-node'] as const }];
      new NetworkPolicy(app, 'q', { endpointSelector: CART, ingress });
    },
    allowed: ['host > web 80', 'endor > cart 80', 'hoth > cart 80'],
    denied: ['endor > web 80', 'host > cart 80'],
  },
]);

import { Endpoint, NetworkPolicy, type NetworkPolicyProps, type Selector } from 'plumbline';
import { provenOnKernel, type Line } from './lines.js';

const app = (...values: string[]): Selector => ({
  matchExpressions: [{ key: 'app', operator: 'In', values }],
});
const APP_WEB = { matchLabels: { app: 'web' } };
/** Nobody is let in. */
const SHUT = { ingress: [{}] };

const policy =
  (props: NetworkPolicyProps, ...more: NetworkPolicyProps[]): Line['say'] =>
  ({ app: root }) => {
    [props, ...more].forEach((one, n) => new NetworkPolicy(root, `p${String(n)}`, one));
  };
const term = (operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', ...values: string[]) => {
  const expression = { key: 'role', operator, ...(values.length > 0 && { values }) };
  return policy({ endpointSelector: { matchExpressions: [expression] }, ...SHUT });
};

provenOnKernel('a subject', [
  {
    line: 'is who has all the labels of matchLabels',
    say: policy({ endpointSelector: { matchLabels: { app: 'web', role: 'test' } }, ...SHUT }),
    denied: ['cart > canary 80'],
    allowed: ['cart > web 80', 'cart > probe 80'],
  },
  {
    line: 'is who has one of the values of In',
    say: term('In', 'test', 'other'),
    denied: ['cart > canary 80', 'cart > probe 80'],
    allowed: ['cart > web 80', 'web > cart 80'],
  },
  {
    line: 'is who has none of the values of NotIn, or no such label',
    say: term('NotIn', 'test', 'other'),
    denied: ['cart > web 80', 'web > cart 80', 'web > guest 80'],
    allowed: ['cart > canary 80', 'cart > probe 80'],
  },
  {
    line: 'is who has the label of Exists',
    say: term('Exists'),
    denied: ['cart > web 80', 'cart > canary 80'],
    allowed: ['web > cart 80', 'web > guest 80'],
  },
  {
    line: 'is who lacks the label of DoesNotExist',
    say: term('DoesNotExist'),
    denied: ['web > cart 80', 'web > guest 80'],
    allowed: ['cart > web 80', 'cart > canary 80'],
  },
  {
    line: 'is who has the label, with k8s: or any: in front of it or without',
    say: policy({
      endpointSelector: { matchLabels: { 'any:app': 'web', 'k8s:role': 'test' } },
      ingress: [{ fromEndpoints: [{ matchLabels: { 'k8s:app': 'cart' } }] }],
    }),
    denied: ['web > canary 80', 'guest > canary 80'],
    allowed: ['cart > canary 80', 'cart > web 80'],
  },
  {
    line: 'is the node that a nodeSelector finds, and its endpoints are left alone',
    say: policy({
      nodeSelector: { matchLabels: { rack: 'a' } },
      ingress: [{ fromEntities: ['world'], toPorts: [{ ports: [{ port: 22, protocol: 'TCP' }] }] }],
    }),
    allowed: ['world > host 22', 'world > web 80', 'host > world 80'],
    denied: ['world > host 23', 'web > host 22'],
  },
  {
    line: 'is no node with other labels than those of a nodeSelector',
    say: policy({ nodeSelector: { matchLabels: { rack: 'b' } }, ...SHUT }),
    allowed: ['world > host 22', 'web > host 22'],
  },
  {
    line: 'is in the namespace of its policy, and so are peers that name none',
    say: ({ lobby, shop }) => {
      const ingress = [{ fromEndpoints: [{ matchLabels: { role: 'test' } }] }];
      new NetworkPolicy(lobby, 'p', { endpointSelector: {}, ingress });
      new NetworkPolicy(shop, 'q', { endpointSelector: app('cart'), ingress });
    },
    allowed: ['probe > guest 80', 'canary > cart 80', 'cart > web 80'],
    denied: ['canary > guest 80', 'cart > guest 80', 'probe > cart 80'],
  },
  {
    line: 'lets another namespace in by its name or a label of it',
    say: ({ shop }) => {
      const byName = { matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'lobby' } };
      const byLabel = { matchLabels: { 'io.cilium.k8s.namespace.labels.team': 'blue' } };
      const on = (port: number) => ({ toPorts: [{ ports: [{ port }] }] });
      new NetworkPolicy(shop, 'p', {
        endpointSelector: APP_WEB,
        ingress: [
          { fromEndpoints: [byName], ...on(80) },
          { fromEndpoints: [byLabel], ...on(81) },
        ],
      });
    },
    allowed: ['guest > web 80', 'probe > canary 81'],
    denied: ['cart > web 80', 'cart > web 81', 'guest > web 82'],
  },
  {
    line: 'of a cluster-wide policy is in any namespace, and so are its peers',
    say: policy({
      endpointSelector: app('web', 'guest'),
      ingress: [{ fromEndpoints: [{ matchLabels: { role: 'test' } }] }],
    }),
    allowed: ['probe > web 80', 'canary > guest 80'],
    denied: ['cart > web 80', 'web > guest 80'],
  },
  {
    line: 'is default-deny in the direction that a policy has rules for',
    say: policy({ endpointSelector: APP_WEB, ingress: [{ fromEndpoints: [app('cart')] }] }),
    allowed: ['cart > web 80', 'web > cart 80', 'web > world 80'],
    denied: ['guest > web 80', 'world > web 80'],
  },
  {
    line: 'is default-deny on egress by rules of egress',
    say: policy({ endpointSelector: APP_WEB, egress: [{ toEndpoints: [app('cart')] }] }),
    allowed: ['web > cart 80', 'cart > web 80', 'world > web 80'],
    denied: ['web > guest 80', 'web > world 80', 'web > host 80'],
  },
  {
    line: 'is default-deny by rules of denials, too',
    say: policy(
      { endpointSelector: APP_WEB, ingressDeny: [{ fromEndpoints: [app('cart')] }] },
      { endpointSelector: app('guest'), egressDeny: [{ toEndpoints: [app('cart')] }] },
    ),
    denied: ['cart > web 80', 'probe > web 80', 'guest > probe 80'],
    allowed: ['web > world 80', 'probe > guest 80'],
  },
  {
    line: 'is not default-deny where enableDefaultDeny is false, and a denial holds',
    say: policy({
      endpointSelector: APP_WEB,
      ingressDeny: [{ fromEndpoints: [app('cart')] }],
      enableDefaultDeny: { ingress: false },
    }),
    denied: ['cart > web 80'],
    allowed: ['guest > web 80', 'world > web 80'],
  },
  {
    line: 'is default-deny if one of its policies says true, whatever others say',
    say: policy(
      {
        endpointSelector: APP_WEB,
        ingress: [{ fromEndpoints: [app('cart')] }],
        enableDefaultDeny: { ingress: false },
      },
      {
        endpointSelector: app('web'),
        ingress: [{ fromEndpoints: [app('probe')] }],
        enableDefaultDeny: { ingress: true },
      },
    ),
    allowed: ['cart > web 80', 'probe > web 80'],
    denied: ['guest > web 80', 'world > web 80'],
  },
  {
    line: 'has everything allowed where all of its policies say false, also at layer 7',
    say: policy({
      endpointSelector: { matchLabels: { role: 'front' } },
      ingress: [
        {
          toPorts: [{ ports: [{ port: 80, protocol: 'TCP' }], rules: { http: [{ path: '/x' }] } }],
        },
      ],
      enableDefaultDeny: { ingress: false },
    }),
    allowed: ['guest > web 81', 'world > web 443', 'guest > web 80'],
  },
  {
    line: 'is not asked without a policy in mode default',
    say: policy({ endpointSelector: APP_WEB, ...SHUT }),
    denied: ['cart > web 80'],
    allowed: ['web > cart 80', 'cart > world 80'],
  },
  {
    line: 'is default-deny without a policy in mode always',
    node: { enforcement: 'always' },
    say: policy(
      { endpointSelector: APP_WEB, ingress: [{ fromEndpoints: [app('cart')] }] },
      { endpointSelector: app('cart'), egress: [{ toEndpoints: [APP_WEB] }] },
    ),
    allowed: ['cart > web 80'],
    denied: ['web > cart 80', 'guest > probe 80', 'world > guest 80'],
  },
  {
    line: 'is open whatever policies say in mode never',
    node: { enforcement: 'never' },
    say: policy({ endpointSelector: {}, ingress: [{}], egress: [{}] }),
    allowed: ['cart > web 80', 'world > web 80', 'web > world 80'],
  },
  {
    line: 'gets what an audited policy denies it, and that is told',
    say: policy({
      endpointSelector: APP_WEB,
      audit: true,
      ingress: [{ fromEndpoints: [app('cart')] }],
    }),
    audited: ['guest > web 80', 'world > canary 80'],
    allowed: ['cart > web 80'],
  },
  {
    line: 'that is audited gets what is denied it, and others do not',
    say: ({ app: root, node }) => {
      const addresses = ['10.6.0.31', 'fd06::31'];
      new Endpoint(node, 'trial', { labels: { app: 'web' }, addresses, audit: true });
      new NetworkPolicy(root, 'p', { endpointSelector: APP_WEB, ...SHUT });
    },
    audited: ['guest > trial 80', 'world > trial 80'],
    denied: ['guest > web 80'],
  },
  {
    line: 'of an audited node gets what is denied it',
    node: { audit: true },
    say: policy({ endpointSelector: APP_WEB, ingress: [{ fromEndpoints: [app('cart')] }] }),
    audited: ['guest > web 80', 'world > canary 80'],
    allowed: ['cart > web 80'],
  },
  {
    line: 'is judged alike with a description, labels and a word for logs',
    say: policy({
      endpointSelector: APP_WEB,
      description: 'who reaches the web',
      labels: { app: 'guest' },
      log: { value: 'web' },
      ingress: [{ fromEndpoints: [app('cart')] }],
    }),
    allowed: ['cart > web 80', 'web > guest 80'],
    denied: ['guest > web 80'],
  },
]);

import {
  ClusterNetworkPolicy,
  KubernetesNetworkPolicy,
  NetworkPolicy,
  tcp,
  type Action,
  type ClusterNetworkPolicyProps,
} from 'plumbline';
import { provenOnKernel, type Town } from './lines.js';

const endpointSelector = { matchLabels: { app: 'web' } };
const CART = { matchLabels: { app: 'cart' } };
const ALL = { fromEntities: ['all'] } as const;

type Rule = NonNullable<ClusterNetworkPolicyProps['ingress']>[number];
const tier = (
  { app }: Town,
  name: 'Admin' | 'Baseline',
  priority: number,
  ...ingress: Rule[]
): void => {
  const id = `${name}-${String(priority)}-${String(app.node.children.length)}`;
  new ClusterNetworkPolicy(app, id, { tier: name, priority, endpointSelector, ingress });
};
const cart = (action: Action, port?: number): Rule => ({
  action,
  fromEndpoints: [CART],
  ...(port !== undefined && { toPorts: [tcp(port)] }),
});
/** What the shop itself says: the cart may use 80. */
const own = ({ shop }: Town): void => {
  const ingress = [{ from: [{ podSelector: CART }], ports: [{ port: 80 }] }];
  new KubernetesNetworkPolicy(shop, 'own', { podSelector: endpointSelector, ingress });
};

provenOnKernel('a denial', [
  {
    line: 'beats what allows, however specific that is',
    say: ({ app }) =>
      new NetworkPolicy(app, 'p', {
        endpointSelector,
        ingress: [{ fromEndpoints: [CART], toPorts: [tcp(80)] }, ALL],
        ingressDeny: [{ fromEndpoints: [{}] }],
      }),
    denied: ['cart > web 80', 'guest > web 80'],
    allowed: ['world > web 80'],
  },
  {
    line: 'of another policy beats what allows as well',
    say: ({ app }) => {
      new NetworkPolicy(app, 'p', { endpointSelector, ingress: [{ fromEndpoints: [CART] }] });
      const ingressDeny = [{ toPorts: [tcp(22)] }];
      new NetworkPolicy(app, 'q', { endpointSelector: {}, ingressDeny });
    },
    denied: ['cart > web 22', 'guest > web 80'],
    allowed: ['cart > web 80'],
  },
  {
    line: 'is about its ports alone',
    say: ({ app }) =>
      new NetworkPolicy(app, 'p', {
        endpointSelector,
        egress: [{ toEntities: ['all'] }],
        egressDeny: [{ toEndpoints: [CART], toPorts: [tcp(22)] }],
      }),
    denied: ['web > cart 22'],
    allowed: ['web > cart 80', 'web > cart 22/UDP', 'web > guest 22'],
  },
  {
    line: 'of a prefix holds for what is allowed inside it',
    say: ({ app }) =>
      new NetworkPolicy(app, 'p', {
        endpointSelector,
        egress: [{ toCIDR: ['198.51.100.7/32', '203.0.113.0/24'] }],
        egressDeny: [{ toCIDR: ['198.51.100.0/24'] }],
      }),
    denied: ['web > 198.51.100.7 80', 'web > 198.51.100.8 80'],
    allowed: ['web > 203.0.113.7 80'],
  },
  {
    line: 'of a prefix leaves what is allowed around it',
    say: ({ app }) =>
      new NetworkPolicy(app, 'p', {
        endpointSelector,
        egress: [{ toCIDR: ['198.51.0.0/16'] }],
        egressDeny: [{ toCIDR: ['198.51.100.0/24'] }],
      }),
    denied: ['web > 198.51.100.7 80'],
    allowed: ['web > 198.51.101.7 80'],
  },
]);

provenOnKernel('a tier', [
  {
    line: 'Admin speaks before policies without a tier',
    say: (town) => {
      own(town);
      tier(town, 'Admin', 1, cart('Deny', 80), { action: 'Accept', ...ALL, toPorts: [tcp(81)] });
    },
    denied: ['cart > web 80', 'guest > web 82'],
    allowed: ['guest > web 81', 'world > web 81'],
  },
  {
    line: 'Baseline speaks after them, and only where none isolates',
    say: (town) => {
      own(town);
      const baseline: Rule[] = [cart('Accept'), { action: 'Deny', ...ALL }];
      tier(town, 'Baseline', 1, ...baseline);
      new ClusterNetworkPolicy(town.app, 'rest', {
        tier: 'Baseline',
        priority: 2,
        endpointSelector: { matchLabels: { app: 'guest' } },
        ingress: baseline,
      });
    },
    allowed: ['cart > web 80', 'cart > guest 81', 'web > cart 80'],
    denied: ['cart > web 81', 'web > guest 80'],
  },
  {
    line: 'has priorities of which the lower wins',
    say: (town) => {
      tier(town, 'Admin', 1000, { action: 'Deny', ...ALL });
      tier(town, 'Admin', 0, cart('Accept', 80));
    },
    allowed: ['cart > web 80'],
    denied: ['cart > web 81', 'guest > web 80'],
  },
  {
    line: 'has policies of which the first rule that covers a connection speaks',
    say: (town) => {
      tier(town, 'Admin', 1, cart('Accept', 80), cart('Deny'), { action: 'Accept', ...ALL });
    },
    allowed: ['cart > web 80', 'guest > web 81'],
    denied: ['cart > web 81'],
  },
  {
    line: 'denies before it passes, and passes before it accepts, at one priority',
    say: (town) => {
      tier(town, 'Admin', 1, cart('Accept'));
      tier(town, 'Admin', 1, cart('Pass', 80), cart('Pass', 81));
      tier(town, 'Admin', 1, cart('Deny', 81));
      tier(town, 'Baseline', 1, { action: 'Deny', ...ALL });
    },
    allowed: ['cart > web 82'],
    denied: ['cart > web 81', 'cart > web 80', 'guest > web 82'],
  },
  {
    line: 'is left by Pass, for policies without a tier to speak',
    say: (town) => {
      own(town);
      tier(town, 'Admin', 1, cart('Pass', 80), cart('Pass', 81));
      tier(town, 'Admin', 2, cart('Deny'));
    },
    allowed: ['cart > web 80'],
    denied: ['cart > web 81', 'cart > web 82', 'guest > web 80'],
  },
  {
    line: 'accepts, denies and passes on egress as well',
    say: ({ app }) =>
      new ClusterNetworkPolicy(app, 'p', {
        tier: 'Admin',
        priority: 1,
        endpointSelector,
        egress: [
          { action: 'Accept', toEndpoints: [CART], toPorts: [tcp(80)] },
          { action: 'Pass', toEndpoints: [CART], toPorts: [tcp(81)] },
          { action: 'Deny', toEntities: ['all'] },
        ],
      }),
    allowed: ['web > cart 80', 'web > cart 81', 'cart > web 80'],
    denied: ['web > cart 82', 'web > world 80'],
  },
]);

import { NetworkPolicy, sctp, tcp, tcpRange, udp, type IngressRule } from 'plumbline';
import { provenOnKernel, type Line } from './lines.js';

const endpointSelector = { matchLabels: { app: 'web' } };
const CART = { matchLabels: { app: 'cart' } };
const ingress =
  (...rules: IngressRule[]): Line['say'] =>
  ({ app }) =>
    new NetworkPolicy(app, 'p', { endpointSelector, ingress: rules });
const http = (path: string) => ({ ports: [tcp(80)], rules: { http: [{ path }] } });

provenOnKernel('ports', [
  {
    line: 'are of TCP, UDP and SCTP',
    say: ingress({ fromEndpoints: [CART], toPorts: [tcp(1), udp(2), sctp(3)] }),
    allowed: ['cart > web 1', 'cart > web 2/UDP', 'cart > web 3/SCTP'],
    denied: ['cart > web 2', 'cart > web 3/UDP', 'cart > web 1/SCTP', 'guest > web 1'],
  },
  {
    line: 'are of all three with ANY, or without a protocol',
    say: ingress({ toPorts: [{ port: 1, protocol: 'ANY' }, { port: '2' }] }),
    allowed: ['cart > web 1', 'cart > web 1/UDP', 'cart > web 1/SCTP', 'cart > web 2/UDP'],
    denied: ['cart > web 3', 'cart > web ICMP/8'],
  },
  {
    line: 'are from the first to the last of a range',
    say: ingress({ toPorts: [tcpRange(8000, 8005)] }),
    allowed: ['cart > web 8000', 'cart > web 8004', 'cart > web 8005'],
    denied: ['cart > web 7999', 'cart > web 8006', 'cart > web 8000/UDP'],
  },
  {
    line: 'with a name are what each endpoint calls so',
    say: ingress({ toPorts: [tcp('http')] }),
    allowed: ['cart > web 80', 'cart > canary 8080'],
    denied: ['cart > web 8080', 'cart > canary 80'],
  },
  {
    line: 'with a name on egress are what the peer calls so',
    say: ({ app }) => {
      const egress = [{ toEndpoints: [endpointSelector], toPorts: [tcp('http')] }];
      new NetworkPolicy(app, 'p', { endpointSelector: CART, egress });
    },
    allowed: ['cart > web 80', 'cart > canary 8080'],
    denied: ['cart > web 8080', 'cart > canary 80', 'cart > guest 80'],
  },
  {
    line: 'of ICMP are types by number',
    say: ingress({ icmps: [{ fields: [{ type: 8 }, { family: 'IPv6', type: 128 }] }] }),
    allowed: ['cart > web ICMP/8', 'cart > web ICMPv6/128'],
    denied: ['cart > web ICMP/13', 'cart > web ICMPv6/129', 'cart > web 80'],
  },
  {
    line: 'of ICMP are types by name',
    say: ingress({
      icmps: [{ fields: [{ type: 'EchoRequest' }, { family: 'IPv6', type: 'EchoRequest' }] }],
    }),
    allowed: ['cart > web ICMP/8', 'cart > web ICMPv6/128'],
    denied: ['cart > web ICMP/13', 'cart > web ICMPv6/129', 'cart > web 80'],
  },
  {
    line: 'without a peer are for anybody, the world and the host too',
    node: { allowLocalhost: false },
    say: ingress({ toPorts: [tcp(80)] }),
    allowed: ['world > web 80', 'host > web 80', 'guest > web 80', 'hoth > web 80'],
    denied: ['world > web 81', 'host > web 81', 'guest > web 80/UDP'],
  },
  {
    line: 'are those of the back-end, not of the service',
    say: ingress({ fromEndpoints: [CART], toPorts: [tcp(8080)] }),
    allowed: ['cart > till 80', 'cart > web 8080'],
    denied: ['cart > web 80', 'guest > till 80'],
  },
  {
    line: 'that a service has and its back-end has not are no ports of a rule',
    say: ingress({ fromEndpoints: [CART], toPorts: [tcp(80)] }),
    allowed: ['cart > web 80'],
    denied: ['cart > till 80'],
  },
  {
    line: 'that are allowed leave ICMP denied',
    say: ingress({ fromEndpoints: [CART], toPorts: [tcpRange(1, 65535)] }),
    allowed: ['cart > web 80'],
    denied: ['cart > web ICMP/8', 'cart > web ICMPv6/128'],
  },
]);

provenOnKernel('rules of layer 7', [
  {
    line: 'send what they are about to a proxy, and nothing else',
    say: ingress({ fromEndpoints: [CART], toPorts: [http('/x')] }),
    filtered: ['cart > web 80'],
    denied: ['cart > web 81', 'guest > web 80'],
  },
  {
    line: 'end where a plain rule lets the port through',
    say: ingress({ toPorts: [http('/x')] }, { fromEndpoints: [CART], toPorts: [tcp(80)] }),
    allowed: ['cart > web 80'],
    filtered: ['guest > web 80', 'world > web 80'],
  },
  {
    line: 'end where a plain rule lets the peer through',
    say: ingress({ toPorts: [http('/x')] }, { fromEndpoints: [CART] }),
    allowed: ['cart > web 80', 'cart > web 81'],
    filtered: ['guest > web 80'],
    denied: ['guest > web 81'],
  },
  {
    line: 'with names of TLS servers are filtered, too',
    say: ingress({ toPorts: [{ ports: [tcp(443)], serverNames: ['a.example.org'] }] }),
    filtered: ['cart > web 443', 'world > web 443'],
    denied: ['cart > web 80'],
  },
  {
    line: 'with names in the DNS are filtered by UDP and TCP',
    say: ({ app }) => {
      const toPorts = [{ ports: [{ port: 53 }], rules: { dns: [{ matchPattern: '*' }] } }];
      new NetworkPolicy(app, 'p', { endpointSelector, egress: [{ toPorts }] });
    },
    filtered: ['web > world 53', 'web > world 53/UDP', 'web > cart 53/UDP'],
    denied: ['web > world 443'],
  },
  {
    line: 'give way to a denial',
    say: ({ app }) =>
      new NetworkPolicy(app, 'p', {
        endpointSelector,
        ingress: [{ toPorts: [http('/x')] }],
        ingressDeny: [{ fromEndpoints: [CART] }],
      }),
    filtered: ['guest > web 80'],
    denied: ['cart > web 80'],
  },
]);

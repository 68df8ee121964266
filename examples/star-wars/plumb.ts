// The empire's fleet above Hoth, and the one rule that keeps the alliance out of the death stars.
import { App, Endpoint, NetworkPolicy, Node } from 'plumbline';

const app = new App();

// The node and the ranges that its endpoints take their addresses from.
const hoth = new Node(app, 'hoth', { podCIDRs: ['10.1.0.0/24', 'fd00:10:1::/64'] });

// Endpoints are known by their labels, never by their addresses.
for (const n of [1, 2]) {
  new Endpoint(hoth, `deathstar-${n}`, {
    labels: { org: 'empire', class: 'deathstar' },
    addresses: [`10.1.0.1${n}`, `fd00:10:1::1${n}`],
  });
  new Endpoint(hoth, `tiefighter-${n}`, {
    labels: { org: 'empire', class: 'tiefighter' },
    addresses: [`10.1.0.2${n}`, `fd00:10:1::2${n}`],
  });
}
new Endpoint(hoth, 'xwing', {
  labels: { org: 'alliance', class: 'xwing' },
  addresses: ['10.1.0.31', 'fd00:10:1::31'],
});

// A policy denies its subjects everything, except what its rules allow.
new NetworkPolicy(app, 'rule1', {
  description: 'The empire lands on its death stars, nobody else does',
  endpointSelector: { matchLabels: { org: 'empire', class: 'deathstar' } },
  ingress: [
    {
      fromEndpoints: [{ matchLabels: { org: 'empire' } }],
      toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }] }],
    },
  ],
});

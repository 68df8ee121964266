// The empire may ask a death star for a landing. Nobody may put anything into its exhaust port.
import { App, Endpoint, NetworkPolicy, Node } from 'plumbline';

const app = new App();

const hoth = new Node(app, 'hoth', { podCIDRs: ['10.1.0.0/24', 'fd00:10:1::/64'] });

new Endpoint(hoth, 'deathstar', {
  labels: { org: 'empire', class: 'deathstar' },
  addresses: ['10.1.0.11', 'fd00:10:1::11'],
});
new Endpoint(hoth, 'tiefighter', {
  labels: { org: 'empire', class: 'tiefighter' },
  addresses: ['10.1.0.21', 'fd00:10:1::21'],
});
new Endpoint(hoth, 'xwing', {
  labels: { org: 'alliance', class: 'xwing' },
  addresses: ['10.1.0.31', 'fd00:10:1::31'],
});

new NetworkPolicy(app, 'rule1', {
  description: 'The empire asks for a landing, and for nothing else',
  endpointSelector: { matchLabels: { org: 'empire', class: 'deathstar' } },
  ingress: [
    {
      fromEndpoints: [{ matchLabels: { org: 'empire' } }],
      toPorts: [
        {
          ports: [{ port: 80, protocol: 'TCP' }],
          // Requests that no rule lets through are answered with a 403, and this.
          rules: {
            http: [{ method: 'POST', path: '/v1/request-landing' }],
            denyBody: '💥🚫 the exhaust port is closed\n',
          },
        },
      ],
    },
  ],
});

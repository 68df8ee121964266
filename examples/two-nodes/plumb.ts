// Two nodes, one cluster: who may talk to whom does not depend on where it runs.
import { App, Cluster, Endpoint, NetworkPolicy, Node, Service, tcp } from 'plumbline';

const app = new App();

// Packets between the nodes travel in VXLAN, which carries the sender's identity. With mode 'routes'
// they travel as they are, and each node has a route to the other's ranges.
const cluster = new Cluster(app, 'rebels', { mode: 'tunnel' });

const yavin = new Node(cluster, 'yavin', {
  podCIDRs: ['10.1.1.0/24', 'fd01:1::/64'],
  addresses: ['192.0.2.1'],
  devices: ['up0'],
});
const hoth = new Node(cluster, 'hoth', {
  podCIDRs: ['10.1.2.0/24', 'fd01:2::/64'],
  addresses: ['192.0.2.2'],
  devices: ['up0'],
});

const base = { app: 'base', org: 'alliance' };
new Endpoint(yavin, 'luke', {
  labels: { app: 'xwing', org: 'alliance' },
  addresses: ['10.1.1.11', 'fd01:1::11'],
});
new Endpoint(yavin, 'probe', {
  labels: { app: 'droid', org: 'empire' },
  addresses: ['10.1.1.12', 'fd01:1::12'],
});
new Endpoint(yavin, 'temple', { labels: base, addresses: ['10.1.1.21', 'fd01:1::21'] });
new Endpoint(hoth, 'echo', { labels: base, addresses: ['10.1.2.21', 'fd01:2::21'] });

// Either base answers, wherever the caller is.
new Service(app, 'command', {
  addresses: ['10.96.0.1', 'fd96::1'],
  ports: [{ port: 80, targetPort: 8080 }],
  selector: { matchLabels: { app: 'base' } },
});

new NetworkPolicy(app, 'only-the-alliance', {
  description: 'The alliance reaches its bases; nobody else does',
  endpointSelector: { matchLabels: { app: 'base' } },
  ingress: [{ fromEndpoints: [{ matchLabels: { org: 'alliance' } }], toPorts: [tcp(8080)] }],
});

import { App, Endpoint, Namespace, NetworkPolicy, Node } from 'plumbline';
import { describe, expect, test } from 'vitest';

const NAMESPACE = 'io.kubernetes.pod.namespace';

function hoth(app = new App()): Node {
  return new Node(app, 'hoth', { podCIDRs: ['10.1.0.0/24'] });
}

describe('a namespace', () => {
  test('gives its endpoints its name and its labels, as Cilium calls them', () => {
    const app = new App();
    const alliance = new Namespace(app, 'alliance', { labels: { side: 'light' } });
    const xwing = new Endpoint(hoth(app), 'xwing', {
      labels: { class: 'xwing' },
      namespace: alliance,
      address: '10.1.0.8',
    });
    expect(xwing.labels).toEqual({
      class: 'xwing',
      [NAMESPACE]: 'alliance',
      'io.cilium.k8s.namespace.labels.side': 'light',
      'io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name': 'alliance',
    });
  });

  test('is the one around an endpoint or a policy, unless they name another', () => {
    const alliance = new Namespace(hoth(), 'alliance');
    const here = new Endpoint(alliance, 'xwing', { labels: {}, address: '10.1.0.8' });
    const props = { labels: {}, address: '10.1.0.9', namespace: 'empire' };
    const there = new Endpoint(alliance, 'tie', props);
    expect([here, there].map(({ labels }) => labels[NAMESPACE])).toEqual(['alliance', 'empire']);
    const own = new NetworkPolicy(alliance, 'own', { endpointSelector: {} });
    const other = new NetworkPolicy(alliance, 'other', {
      endpointSelector: {},
      namespace: 'empire',
    });
    expect([own, other].map((p) => p.toSpec().namespace)).toEqual(['alliance', 'empire']);
  });

  test('is none for what is outside: such a policy is cluster-wide', () => {
    const node = hoth();
    const xwing = new Endpoint(node, 'xwing', { labels: { a: 'b' }, address: '10.1.0.8' });
    expect(xwing.labels).toEqual({ a: 'b' });
    const policy = new NetworkPolicy(node, 'policy', { endpointSelector: {} });
    expect(policy.toSpec()).not.toHaveProperty('namespace');
  });

  test('refuses an endpoint whose own labels name another one', () => {
    const labels = { [`k8s:${NAMESPACE}`]: 'empire' };
    const make = () =>
      new Endpoint(hoth(), 'xwing', { labels, namespace: 'alliance', address: '10.1.0.8' });
    expect(make).toThrow(expect.objectContaining({ code: 'PLB_NAMESPACE' }));
  });
});

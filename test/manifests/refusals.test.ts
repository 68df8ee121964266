import { describe, expect, it } from 'vitest';
import { errorsOf } from './documents.js';

/** A document with a field in the fifth line. */
const cilium = (field: string): string => `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: p, namespace: ns }
spec: { endpointSelector: {},
  ${field} }
`;
const pod = (field: string): string => `apiVersion: v1
kind: Pod
metadata: { name: p, namespace: ns }
spec: { containers: [],
  ${field} }
`;
const kind = (apiVersion: string, name: string): string =>
  `


apiVersion: ${apiVersion}
kind: ${name}
metadata: { name: p }
`.slice(0, -1);

const port = 'ports: [{ port: "443", protocol: TCP }]';

const UNSUPPORTED = 'PLB_MANIFEST_UNSUPPORTED';
const VALUE = 'PLB_MANIFEST_VALUE';

describe('what is refused by name', () => {
  it.each<readonly [text: string, code: string, field: string, why: RegExp]>([
    [
      cilium('ingress: [{ fromRequires: [{}] }]'),
      UNSUPPORTED,
      'spec.ingress[0].fromRequires',
      /legacy/,
    ],
    [cilium('egress: [{ toRequires: [{}] }]'), UNSUPPORTED, 'spec.egress[0].toRequires', /legacy/],
    [
      cilium(`ingress: [{ toPorts: [{ ${port}, rules: { kafka: [{}] } }] }]`),
      UNSUPPORTED,
      'spec.ingress[0].toPorts[0].rules.kafka',
      /legacy/,
    ],
    [
      cilium('ingress: [{ authentication: { mode: required } }]'),
      UNSUPPORTED,
      'spec.ingress[0].authentication',
      /mutual authentication is a handshake/,
    ],
    [
      cilium('egress: [{ auth: { type: "null" } }]'),
      UNSUPPORTED,
      'spec.egress[0].auth',
      /mutual authentication is a handshake/,
    ],
    [
      cilium('ingress: [{ fromGroups: [{ aws: {} }] }]'),
      UNSUPPORTED,
      'spec.ingress[0].fromGroups',
      /looked up at a cloud/,
    ],
    [
      cilium('egressDeny: [{ toGroups: [{ aws: {} }] }]'),
      UNSUPPORTED,
      'spec.egressDeny[0].toGroups',
      /looked up at a cloud/,
    ],
    [
      cilium(`egress: [{ toPorts: [{ ${port}, listener: { name: l } }] }]`),
      UNSUPPORTED,
      'spec.egress[0].toPorts[0].listener',
      /a proxy of the cluster/,
    ],
    [
      cilium(`egress: [{ toPorts: [{ ${port}, originatingTLS: { secret: {} } }] }]`),
      UNSUPPORTED,
      'spec.egress[0].toPorts[0].originatingTLS',
      /TLS is not decrypted/,
    ],
    [
      cilium(`egress: [{ toPorts: [{ ${port}, terminatingTLS: { secret: {} } }] }]`),
      UNSUPPORTED,
      'spec.egress[0].toPorts[0].terminatingTLS',
      /TLS is not decrypted/,
    ],
    [
      cilium(
        `ingress: [{ toPorts: [{ ${port}, rules: { http: [{ headerMatches: [{ name: a, secret: {} }] }] } }] }]`,
      ),
      UNSUPPORTED,
      'spec.ingress[0].toPorts[0].rules.http[0].headerMatches[0].secret',
      /secrets of a cluster are not read/,
    ],
    [
      cilium(
        'ingress: [{ fromEndpoints: [{ matchExpressions: [{ key: a, operator: exists }] }] }]',
      ),
      VALUE,
      'spec.ingress[0].fromEndpoints[0].matchExpressions[0].operator',
      /is exists: Kubernetes and Cilium refuse it, too/,
    ],
    [pod('hostNetwork: true'), UNSUPPORTED, 'spec.hostNetwork', /the pod is the node itself/],
    [
      pod('initContainers: [{ ports: [{ containerPort: 80, hostPort: 80 }] }]'),
      UNSUPPORTED,
      'spec.initContainers[0].ports[0].hostPort',
      /ports of the node/,
    ],
  ])('%s', (text, code, field, why) => {
    const [error = '', ...more] = errorsOf(text);
    expect(more).toEqual([]);
    expect(error.startsWith(`${code} a.yaml:5: ${field} `), error).toBe(true);
    expect(error).toMatch(why);
  });

  it.each([
    ['networking.k8s.io/v9', 'NetworkPolicy'],
    ['networking.k8s.io', 'NetworkPolicy'],
    ['a/networking.k8s.io/v1', 'NetworkPolicy'],
    ['v2', 'Pod'],
    ['cilium.io/v1', 'CiliumNetworkPolicy'],
    ['policy.networking.k8s.io/v1alpha1', 'ClusterNetworkPolicy'],
    ['policy.networking.k8s.io/v1alpha2', 'AdminNetworkPolicy'],
  ])('a version that nobody knows: %s %s', (apiVersion, name) => {
    expect(errorsOf(kind(apiVersion, name))).toEqual([
      `PLB_MANIFEST_KIND a.yaml:4: the document is a ${name} of ${apiVersion}, which is not supported`,
    ]);
  });

  it('a policy that is not about who may talk to whom', () => {
    expect(errorsOf(kind('cilium.io/v2', 'CiliumLocalRedirectPolicy'))).toEqual([
      expect.stringMatching(/not supported: it redirects a service to pods of the same node$/),
    ]);
  });

  it('a workload that would make pods which it does not have', () => {
    const workload = (selector: string, metadata: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: w, namespace: ns }
spec:
  selector: ${selector}
  template: { metadata: ${metadata}, spec: { containers: [] } }
`;
    const labels = '{ labels: { app: a }, namespace: ns }';
    const fits = '{ matchLabels: { app: a } }';
    expect(errorsOf(workload(fits, labels))).toEqual([]);
    expect(errorsOf(workload('{ matchLabels: { app: b } }', labels))).toEqual([
      'PLB_MANIFEST_VALUE a.yaml:5: spec.selector does not select the pods of its own template',
    ]);
    expect(errorsOf(workload(fits, labels.replace('ns }', 'other }')))).toEqual([
      'PLB_MANIFEST_VALUE a.yaml:6: spec.template.metadata.namespace is another namespace',
    ]);
  });
});

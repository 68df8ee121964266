import { documentOf } from '../../constructs/build-calls.js';
import { readManifests } from '../../src/manifests/manifests.js';
import { PlumbError, PlumbErrors } from '../../src/model/error.js';
import type { ProgramDocument } from '../../src/model/program.js';

/** What manifests mean, each a text; they are called a.yaml, b.yaml and so on. */
export function read(...texts: readonly string[]): ProgramDocument {
  const files = texts.map((text, i) => ({ name: `${'abcdefgh'.charAt(i)}.yaml`, text }));
  return documentOf(readManifests(files));
}

/** What is wrong with manifests, as `CODE message`; empty for nothing. */
export function errorsOf(...texts: readonly string[]): string[] {
  return failuresOf(() => read(...texts)).map(({ code, message }) => `${code} ${message}`);
}

/** Only what a user may see is caught. */
export function failuresOf(run: () => unknown): readonly PlumbError[] {
  try {
    run();
    return [];
  } catch (error) {
    if (error instanceof PlumbErrors) return error.errors;
    if (error instanceof PlumbError) return [error];
    throw error;
  }
}

export const CILIUM = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: shop, namespace: prod, labels: { team: blue } }
spec:
  description: what reaches the shop
  endpointSelector: { matchLabels: { app: shop } }
  enableDefaultDeny: { ingress: true }
  ingress:
    - fromEndpoints:
        - matchLabels: { k8s:app: web }
          matchExpressions: [{ key: env, operator: NotIn, values: [test] }]
      toPorts: [{ ports: [{ port: "80", protocol: TCP }, { port: "0", protocol: UDP }] }]
    - fromCIDRSet: [{ cidr: 10.0.0.0/8, except: [10.1.0.0/16] }]
      icmps: [{ fields: [{ type: EchoRequest, family: IPv4 }] }]
  ingressDeny:
    - fromEntities: [world]
      toPorts: [{ ports: [{ port: http, protocol: TCP }] }]
  egress:
    - toCIDR: [192.0.2.1]
      toPorts: [{ ports: [{ port: 8000, endPort: 8100 }] }]
`;

export const KUBERNETES = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: shop, namespace: prod }
spec:
  podSelector: { matchLabels: { app: shop } }
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - podSelector: { matchLabels: { app: web } }
        - ipBlock: { cidr: 192.0.2.0/24 }
    - ports: [{ port: 53, protocol: UDP }]
`;

export const TIERS = `apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: { name: guard }
spec:
  priority: 7
  subject: { namespaces: { matchLabels: { zone: front } } }
  ingress:
    - action: Allow
      from: [{ pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: probe } } } }]
      ports: [{ portNumber: { protocol: TCP, port: 80 } }, { portRange: { start: 90, end: 99 } }]
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
metadata: { name: default }
spec:
  subject: { namespaces: {} }
  egress: [{ action: Deny, to: [{ namespaces: {} }] }]
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: pass }
spec:
  tier: Admin
  priority: 9
  subject: { namespaces: {} }
  egress:
    - action: Pass
      to: [{ namespaces: { matchLabels: { zone: front } } }]
      protocols: [{ tcp: { destinationPort: { number: 443 } } }]
`;

export const WORKLOADS = `apiVersion: v1
kind: Namespace
metadata: { name: prod, labels: { zone: front } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop, namespace: prod }
spec:
  replicas: 2
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop, env: live } }
    spec:
      serviceAccountName: seller
      containers: [{ name: c, image: shop, ports: [{ name: http, containerPort: 80 }] }]
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: prod, labels: { app: web, env: live } }
spec: { containers: [{ name: c, image: web }] }
---
apiVersion: v1
kind: Service
metadata: { name: shop, namespace: prod }
spec: { selector: { app: shop }, ports: [{ port: 80, targetPort: 8080 }] }
`;

export const GROUP = `apiVersion: cilium.io/v2alpha1
kind: CiliumCIDRGroup
metadata: { name: offices, labels: { kind: office } }
spec: { externalCIDRs: [192.0.2.0/25, 198.51.100.0/24] }
`;

/** Rules that name the service and the group of the other documents, and peers that tiers have. */
export const NAMING = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: buyers, namespace: prod }
spec:
  endpointSelector: { matchLabels: { app: web } }
  egress:
    - toServices:
        - k8sService: { serviceName: shop, namespace: prod }
        - k8sServiceSelector: { selector: { matchLabels: { sells: things } } }
      toPorts: [{ ports: [{ port: "8080", protocol: TCP }], rules: { http: [{ method: GET }] } }]
    - toCIDRSet: [{ cidrGroupRef: offices, except: [192.0.2.0/28] }]
    - toFQDNs: [{ matchPattern: "*.example.org" }]
      toPorts: [{ ports: [{ port: "443" }], serverNames: [a.example.org] }]
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: { name: outside, annotations: { kubernetes.io/description: who is reached } }
spec:
  tier: Baseline
  priority: 3
  subject: { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: web } } } }
  egress:
    - action: Accept
      to: [{ networks: [192.0.2.0/24] }, { domainNames: ["*.example.org"] }, { nodes: {} }]
      protocols: [{ destinationNamedPort: http }, { udp: { destinationPort: { range: { start: 1, end: 9 } } } }]
---
apiVersion: v1
kind: Service
metadata: { name: things, namespace: prod, labels: { sells: things } }
spec:
  clusterIP: 10.96.7.7
  selector: { app: web }
  ports: [{ name: http, port: 80 }]
  sessionAffinity: ClientIP
  sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } }
`;

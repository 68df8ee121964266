import { describe, expect, it } from 'vitest';
import { manifestsOf } from '../../src/manifests/export.js';
import type { ProgramDocument } from '../../src/model/program.js';
import { resolveProgram } from '../../src/model/resolve-program.js';
import type { ServiceSpec } from '../../src/model/service.js';
import { program } from './arbitrary-programs.js';
import { errorsOf, NAMING, GROUP, read, WORKLOADS } from './documents.js';
import { compiled, meanings, roundTrip } from './round-trip.js';

/** A policy about the pod `web` that lets it reach these services. */
const policy = (services: string): string => `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: buyers, namespace: prod }
spec:
  endpointSelector: { matchLabels: { app: web } }
  egress: [{ toServices: ${services} }]
`;
const named = (name: string, namespace = 'prod'): string =>
  policy(`[{ k8sService: { serviceName: ${name}, namespace: ${namespace} } }]`);
const selected = (labels: string): string =>
  policy(`[{ k8sServiceSelector: { selector: { matchLabels: ${labels} } } }]`);
const service = (name: string, spec: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: prod, labels: { kind: ${name} } }\nspec: ${spec}\n`;

const peersOf = ({ policies }: ProgramDocument) =>
  policies.find(({ name }) => name === 'buyers')?.egress?.[0];

describe('toServices of Cilium', () => {
  it('names a service among the manifests, whichever file is first, and means its back-ends', () => {
    const document = read(named('shop'), WORKLOADS);
    expect(peersOf(document)?.services).toEqual(['prod-shop']);
    expect(peersOf(resolveProgram(document))?.endpoints).toEqual([
      { matchLabels: { app: 'shop', 'io.kubernetes.pod.namespace': 'prod' } },
    ]);
  });

  it('means services of any namespace where it says none', () => {
    const everywhere = policy('[{ k8sService: { serviceName: shop } }]');
    const other = service('shop', '{ selector: { app: b }, ports: [{ port: 1 }] }').replace(
      'namespace: prod',
      'namespace: ops',
    );
    const { services } = peersOf(read(everywhere, WORKLOADS, other)) ?? {};
    expect(services).toEqual(['prod-shop', 'ops-shop']);
  });

  it('selects services by their labels, among those that are there', () => {
    const ours = service('other', '{ selector: { app: web }, ports: [{ port: 80 }] }');
    const { services } = peersOf(read(selected('{ kind: other }'), WORKLOADS, ours)) ?? {};
    expect(services).toEqual(['prod-other']);
  });

  const headless = service('shy', '{ clusterIP: None, selector: { app: web } }');
  const external = service('far', '{ ports: [{ port: 80 }] }');
  it.each([
    ['is not there', named('shop', 'dev'), /VALUE a.yaml:6: .*names a service dev\/shop, which is/],
    ['has labels that none has', selected('{ kind: moon }'), /VALUE a.yaml:6: .*no service/],
    ['is headless', named('shy'), /UNSUPPORTED a.yaml:6: .*prod\/shy, which is headless/],
    ['has back-ends that nobody knows', named('far'), /UNSUPPORTED .*prod\/far.* no selector/],
    ['is said in two ways at once', policy('[{}]'), /VALUE .*needs one of k8sService and/],
    ['has a field of no meaning', policy('[{ k8sServce: {} }]'), /FIELD .*k8sServce is no field/],
  ])('is refused for a service that %s', (_, text, message) => {
    expect(errorsOf(text, WORKLOADS, headless, external)).toEqual([expect.stringMatching(message)]);
  });

  it('is not for ingress', () => {
    const text = named('shop').replace('egress: [{ toS', 'ingress: [{ toS');
    expect(errorsOf(text, WORKLOADS)).toEqual([expect.stringMatching(/FIELD .*toServices is no/)]);
  });

  it('comes back from an export with its services, groups and affinity', () => {
    const document = read(NAMING, WORKLOADS, GROUP);
    const again = roundTrip(document, 'cilium');
    const kept = ({ services }: ProgramDocument) =>
      services.map(({ affinity, addresses, ports }) => [affinity, addresses, ports]);
    expect(kept(again)).toEqual(kept(document));
    const names = document.endpoints.map(({ name }) => name);
    expect(meanings(compiled(again), names)).toEqual(meanings(compiled(document), names));
  });
});

describe('services of a program', () => {
  const origin = { path: 'test' };
  const web: ServiceSpec = {
    ...{ origin, name: 'web', addresses: ['10.96.0.1'], backends: [], algorithm: 'random' },
    ports: [
      { port: 80, targetPort: 8080, protocol: 'TCP' },
      { port: 53, targetPort: 53, protocol: 'UDP' },
    ],
    selector: { matchLabels: { app: 'web' } },
    affinity: 0,
  };
  const endpoints = [{ app: 'web', 'io.kubernetes.pod.namespace': 'shop' }, { app: 'client' }];
  const exported = (change: Partial<ServiceSpec>, labels = endpoints) => {
    const rule = { services: ['web'] };
    const list = [{ origin, name: 'p', endpointSelector: {}, egress: [rule] }];
    return manifestsOf(program(labels, list, { services: [{ ...web, ...change }] }), 'cilium');
  };

  it('are in the namespace of all that they select', () => {
    const { manifests, errors } = exported({});
    expect(errors).toEqual([]);
    expect(manifests.find(({ kind }) => kind === 'Service')).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        clusterIP: '10.96.0.1',
        clusterIPs: ['10.96.0.1'],
        selector: { app: 'web' },
        ports: [
          { name: 'tcp-80', port: 80, targetPort: 8080, protocol: 'TCP' },
          { name: 'udp-53', port: 53, targetPort: 53, protocol: 'UDP' },
        ],
      },
    });
  });

  it.each<[string, Partial<ServiceSpec>]>([
    ['chooses its back-ends by maglev', { algorithm: 'maglev' }],
    ['has back-ends by name or address', { backends: [{ address: '192.0.2.1', weight: 1 }] }],
    ['selects its back-ends by expressions', { selector: { matchExpressions: [] } }],
    ['has an address in 10.244.0.0/16, where pods are', { addresses: ['10.244.3.1'] }],
  ])('stay behind, and rules that name one are refused, where it %s', (why, change) => {
    const selector = {
      matchLabels: { app: 'web' },
      matchExpressions: [{ key: 'app', operator: 'Exists' as const }],
    };
    const { manifests, errors } = exported(change.selector === undefined ? change : { selector });
    expect(manifests.filter(({ kind }) => kind === 'Service')).toEqual([]);
    expect(errors).toMatchObject([
      {
        code: 'PLB_EXPORT',
        message: `test: cilium manifests cannot say the service web, which ${why}`,
      },
    ]);
  });

  it('stay behind where they select in several namespaces', () => {
    const everywhere = [...endpoints, { app: 'web', 'io.kubernetes.pod.namespace': 'ops' }];
    expect(exported({}, everywhere).errors).toMatchObject([
      { message: expect.stringMatching(/selects back-ends in several namespaces$/) as string },
    ]);
  });
});

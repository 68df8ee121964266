import { NAMESPACE_LABEL } from '../model/namespace.js';
import { contains, parseAddress, parsePrefix } from '../model/prefix.js';
import type { ProgramDocument } from '../model/program.js';
import { matchesSelector } from '../model/selector.js';
import type { ServiceSpec } from '../model/service.js';
import type { Manifest } from './export.js';
import { DEFAULT_NAMESPACE } from './export-pod.js';
import { isOfNamespace } from './export-selector.js';
import { defined } from './reader.js';
import { POD_RANGE } from './workload.js';

/** Services that Kubernetes can have, and why the others stay behind. */
export interface ExportedServices {
  readonly manifests: readonly Manifest[];
  /** Namespace of each that is exported, by name. */
  readonly namespaces: ReadonlyMap<string, string>;
  /** Why each other is not, by name. */
  readonly refusals: ReadonlyMap<string, string>;
}

export function serviceManifests(document: ProgramDocument): ExportedServices {
  const manifests: Manifest[] = [];
  const namespaces = new Map<string, string>();
  const refusals = new Map<string, string>();
  for (const service of document.services) {
    const placed = refusalOf(service) ?? placeOf(service, document);
    if (typeof placed === 'string') {
      refusals.set(service.name, placed);
      continue;
    }
    namespaces.set(service.name, placed.namespace);
    manifests.push(manifestOf(service, placed));
  }
  return { manifests, namespaces, refusals };
}

interface Placed {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What of a service Kubernetes has no words for. */
function refusalOf({ name, addresses, backends, algorithm }: ServiceSpec): string | undefined {
  if (!/^[a-z]/.test(name)) return 'has a name that does not begin with a letter';
  if (backends.length > 0) return 'has back-ends by name or address';
  if (algorithm !== 'random') return `chooses its back-ends by ${algorithm}`;
  const pods = parsePrefix(POD_RANGE);
  const isAmongPods = addresses.map(parseAddress).some((address) => {
    return pods !== undefined && address !== undefined && contains(pods, address);
  });
  return isAmongPods ? `has an address in ${POD_RANGE}, where pods are` : undefined;
}

/**
 * Where a service is, and what it selects there. One of ours selects in any namespace, one of Kubernetes in
 * its own, which is the same where all that it selects is in one.
 */
function placeOf({ selector }: ServiceSpec, { endpoints }: ProgramDocument): Placed | string {
  if (selector === undefined) return 'has no back-ends';
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const { [NAMESPACE_LABEL]: asked, ...labels } = matchLabels;
  const keys = Object.keys(labels);
  if (matchExpressions.length > 0) return 'selects its back-ends by expressions';
  if (keys.length === 0) return 'selects whole namespaces';
  if (keys.some((key) => isOfNamespace(key) || /^(port|reserved|io\.cilium\.k8s\.)/.test(key))) {
    return 'selects by labels that pods do not have';
  }
  const meant = endpoints.filter((endpoint) => matchesSelector(selector, endpoint.labels));
  const found = new Set(meant.map((one) => one.labels[NAMESPACE_LABEL] ?? DEFAULT_NAMESPACE));
  if (asked !== undefined) return { namespace: asked, labels };
  if (found.size > 1) return 'selects back-ends in several namespaces';
  return { namespace: [...found][0] ?? DEFAULT_NAMESPACE, labels };
}

function manifestOf(service: ServiceSpec, { namespace, labels }: Placed): Manifest {
  const { name, addresses, ports, affinity } = service;
  const [first] = addresses;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: defined({
      clusterIP: first,
      clusterIPs: addresses,
      selector: labels,
      // Kubernetes asks for names where there are several.
      ports: ports.map(({ name: given, port, targetPort, protocol }) => {
        const made = ports.length > 1 ? `${protocol.toLowerCase()}-${String(port)}` : undefined;
        return defined({ name: given ?? made, port, targetPort, protocol });
      }),
      sessionAffinity: affinity > 0 ? 'ClientIP' : undefined,
      sessionAffinityConfig: affinity > 0 ? { clientIP: { timeoutSeconds: affinity } } : undefined,
    }),
  };
}

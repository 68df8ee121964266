import { NAMESPACE_LABEL, NAMESPACE_LABELS_PREFIX } from '../model/namespace.js';
import type { EndpointSpec, Labels, ProgramDocument } from '../model/program.js';
import type { Manifest } from './export.js';
import { NAME_LABEL } from './export-selector.js';
import { CLUSTER_LABEL, DEFAULT_CLUSTER, SERVICE_ACCOUNT_LABEL } from './workload.js';

export const DEFAULT_NAMESPACE = 'default';

/** Namespaces of endpoints, with their labels, and those that `more` names. */
export function namespaceManifests(
  { endpoints }: ProgramDocument,
  more: readonly string[],
): Manifest[] {
  const namespaces = new Map<string, Labels>();
  for (const { labels } of endpoints) {
    const own = Object.entries(labels)
      .filter(([key]) => key.startsWith(NAMESPACE_LABELS_PREFIX))
      .map(([key, value]) => [key.slice(NAMESPACE_LABELS_PREFIX.length), value] as const)
      .filter(([key]) => key !== NAME_LABEL);
    namespaces.set(namespaceOf(labels), Object.fromEntries(own));
  }
  for (const name of more) if (!namespaces.has(name)) namespaces.set(name, {});
  return [...namespaces].sort(byName).map(([name, labels]) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, ...(Object.keys(labels).length > 0 && { labels }) },
  }));
}

/** Endpoints; what Cilium makes labels of is where Kubernetes has it. */
export function podManifests({ endpoints }: ProgramDocument): Manifest[] {
  const taken = new Set(endpoints.map(({ name, labels }) => `${namespaceOf(labels)}/${name}`));
  return endpoints.map(({ name, labels }) => {
    const namespace = namespaceOf(labels);
    // An import puts the namespace in front: what came from there goes back under its own name.
    const short = name.startsWith(`${namespace}-`) ? name.slice(namespace.length + 1) : name;
    const isFree = short !== '' && !taken.has(`${namespace}/${short}`);
    return podManifest({ name: isFree ? short : name, labels });
  });
}

function namespaceOf(labels: Labels): string {
  return labels[NAMESPACE_LABEL] ?? DEFAULT_NAMESPACE;
}

function podManifest({ name, labels }: Pick<EndpointSpec, 'name' | 'labels'>): Manifest {
  const own = Object.entries(labels).filter(
    ([key, value]) =>
      (key === CLUSTER_LABEL && value !== DEFAULT_CLUSTER) ||
      (key !== NAMESPACE_LABEL && !/^(io\.cilium\.k8s\.|port:)/.test(key)),
  );
  const ports = Object.entries(labels).flatMap(([key, value]) => {
    const [number, protocol = 'TCP'] = value.split('/');
    return key.startsWith('port:')
      ? [{ name: key.slice('port:'.length), containerPort: Number(number), protocol }]
      : [];
  });
  const account = labels[SERVICE_ACCOUNT_LABEL];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: namespaceOf(labels),
      labels: Object.fromEntries(own),
    },
    spec: {
      ...(account !== undefined && { serviceAccountName: account }),
      containers: [{ name: 'app', image: 'scratch', ...(ports.length > 0 && { ports }) }],
    },
  };
}

function byName([a]: readonly [string, Labels], [b]: readonly [string, Labels]): number {
  return a < b ? -1 : 1;
}

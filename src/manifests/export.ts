import { complain } from '../model/complain.js';
import type { PlumbError } from '../model/error.js';
import { NAMESPACE_LABEL, NAMESPACE_LABELS_PREFIX } from '../model/namespace.js';
import type { EndpointSpec, Labels, PolicySpec, ProgramDocument } from '../model/program.js';
import { ciliumManifest } from './export-cilium.js';
import { kubernetesManifest } from './export-kubernetes.js';

export type ExportFormat = 'cilium' | 'kubernetes';

/** A Kubernetes object, to be written as YAML. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Labels;
  };
  readonly spec?: object;
}

/** Says what of a policy a format has no words for. */
export type Refuse = (what: string, hint: string) => void;

export interface Exported {
  readonly manifests: readonly Manifest[];
  /** PLB_EXPORT, one for each thing that the format cannot say. */
  readonly errors: readonly PlumbError[];
}

const DEFAULT_NAMESPACE = 'default';
const NAME_LABEL = 'kubernetes.io/metadata.name';

/**
 * Namespaces, a Pod for each endpoint, and the policies of a program that was loaded. Nodes, services and
 * everything else that is no policy stays behind.
 */
export function manifestsOf(document: ProgramDocument, format: ExportFormat): Exported {
  const errors: PlumbError[] = [];
  const policies = document.policies.flatMap((policy) => {
    const refuse: Refuse = (what, hint) => {
      const message = `${format} manifests cannot say ${what}`;
      errors.push(complain('PLB_EXPORT', policy, message, hint));
    };
    const write = format === 'cilium' ? ciliumManifest : kubernetesManifest;
    return write(policy, refuse);
  });
  const pods = document.endpoints.map(podOf);
  return { manifests: [...namespacesOf(document), ...pods, ...policies], errors };
}

function namespacesOf({ endpoints, policies }: ProgramDocument): Manifest[] {
  const namespaces = new Map<string, Labels>();
  for (const { labels } of endpoints) {
    const own = Object.entries(labels)
      .filter(([key]) => key.startsWith(NAMESPACE_LABELS_PREFIX))
      .map(([key, value]) => [key.slice(NAMESPACE_LABELS_PREFIX.length), value] as const)
      .filter(([key]) => key !== NAME_LABEL);
    namespaces.set(labels[NAMESPACE_LABEL] ?? DEFAULT_NAMESPACE, Object.fromEntries(own));
  }
  for (const { namespace } of policies) {
    if (namespace !== undefined && !namespaces.has(namespace)) namespaces.set(namespace, {});
  }
  return [...namespaces].sort(byName).map(([name, labels]) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, ...(Object.keys(labels).length > 0 && { labels }) },
  }));
}

function podOf({ name, labels }: EndpointSpec): Manifest {
  const own = Object.entries(labels).filter(
    ([key]) => key !== NAMESPACE_LABEL && !/^(io\.cilium\.k8s\.|port:)/.test(key),
  );
  const ports = Object.entries(labels).flatMap(([key, value]) => {
    const [number, protocol = 'TCP'] = value.split('/');
    return key.startsWith('port:')
      ? [{ name: key.slice('port:'.length), containerPort: Number(number), protocol }]
      : [];
  });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: labels[NAMESPACE_LABEL] ?? DEFAULT_NAMESPACE,
      labels: Object.fromEntries(own),
    },
    spec: { containers: [{ name: 'app', image: 'scratch', ...(ports.length > 0 && { ports }) }] },
  };
}

/** What both formats have no words for. */
export function refuseOurs({ audit, tier }: PolicySpec, refuse: Refuse): void {
  if (audit === true) refuse('audit', 'Enforce the policy, or leave it out.');
  if (tier !== undefined) {
    refuse(`tier ${tier}`, 'Write its rules as policies without a tier, or leave it out.');
  }
}

function byName([a]: readonly [string, Labels], [b]: readonly [string, Labels]): number {
  return a < b ? -1 : 1;
}

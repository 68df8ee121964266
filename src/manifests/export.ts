import { withoutGroups } from '../model/cidr-groups.js';
import { complain } from '../model/complain.js';
import type { PlumbError } from '../model/error.js';
import type { CIDRGroupSpec, Labels, PolicySpec, ProgramDocument } from '../model/program.js';
import { ciliumManifest } from './export-cilium.js';
import { kubernetesManifest } from './export-kubernetes.js';
import { namespaceManifests, podManifests } from './export-pod.js';
import { serviceManifests } from './export-service.js';
import { tierManifest } from './export-tier.js';
import { withNames } from './export-name.js';

export type ExportFormat = 'cilium' | 'kubernetes';

/** A Kubernetes object, to be written as YAML. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
  };
  readonly spec?: object;
}

/** Says what of a policy a format has no words for. */
export type Refuse = (what: string, hint: string) => void;

/** Says it where it is there. */
export type No = (what: string, there: boolean) => void;

export function nos(refuse: Refuse, hint: string): No {
  return (what, there) => {
    if (there) refuse(what, hint);
  };
}

export interface Exported {
  readonly manifests: readonly Manifest[];
  /** PLB_EXPORT, one for each thing that the format cannot say. */
  readonly errors: readonly PlumbError[];
}

/**
 * Namespaces, a Pod for each endpoint, services, groups of prefixes and the policies of a program, which
 * names groups and services as it was written. Nodes, services that Kubernetes has no words for, and
 * everything else that is no policy stays behind.
 */
export function manifestsOf(document: ProgramDocument, format: ExportFormat): Exported {
  const errors: PlumbError[] = [];
  const services = serviceManifests(document);
  const { policies: plain } = withoutGroups(document);
  const named = withNames(document.policies);
  const policies = named.flatMap((policy, i) => {
    const refuse: Refuse = (what, hint) => {
      const message = `${format} manifests cannot say ${what}`;
      errors.push(complain('PLB_EXPORT', policy, message, hint));
    };
    const spelled = { ...plain[i], name: policy.name } as PolicySpec;
    if (policy.tier !== undefined) return tierManifest(spelled, refuse, document.nodes);
    return format === 'cilium'
      ? ciliumManifest(policy, services, refuse)
      : kubernetesManifest(spelled, refuse);
  });
  const manifests = [
    ...namespaceManifests(document, [
      ...services.namespaces.values(),
      ...document.policies.flatMap(({ namespace }) => namespace ?? []),
    ]),
    ...podManifests(document),
    ...services.manifests,
    ...(format === 'cilium' ? (document.cidrGroups ?? []).map(groupManifest) : []),
    ...policies,
  ];
  return { manifests, errors };
}

function groupManifest({ name, labels, cidrs }: CIDRGroupSpec): Manifest {
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumCIDRGroup',
    metadata: { name, ...(Object.keys(labels).length > 0 && { labels }) },
    spec: { externalCIDRs: cidrs },
  };
}

/** What both formats have no words for. */
export function refuseOurs({ audit }: PolicySpec, refuse: Refuse): void {
  if (audit === true) refuse('audit', 'Enforce the policy, or leave it out.');
}

/** A policy's name and labels; its description where the kind has no field for one. */
export function about({ name, namespace, labels, description }: PolicySpec): Manifest['metadata'] {
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    ...(labels && { labels }),
    ...(description !== undefined && {
      annotations: { 'kubernetes.io/description': description },
    }),
  };
}

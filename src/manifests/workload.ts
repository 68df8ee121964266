import type { ConstructCall } from '../model/construct-call.js';
import { canonicalKey } from '../model/label-source.js';
import type { SelectorSpec } from '../model/program.js';
import { matchesSelector } from '../model/selector.js';
import type { Calls, Resource } from './calls.js';
import { metadata, templateMetadata, type Metadata, type TemplateMetadata } from './metadata.js';
import type { At } from './place.js';
import { podSpec, type PodSpec } from './pod-spec.js';
import {
  ignored,
  integer,
  meaningless,
  object,
  optional,
  placed,
  required,
  text,
} from './reader.js';
import type { Placed } from './reader.js';
import { selector } from './selector.js';

/** Range of the one node that endpoints of manifests are on. */
export const POD_RANGE = '10.244.0.0/16';

/** More endpoints than a node's range has room for. */
const MAX_REPLICAS = 60_000;

/** Labels that Cilium gives every pod. */
export const SERVICE_ACCOUNT_LABEL = 'io.cilium.k8s.policy.serviceaccount';
export const CLUSTER_LABEL = 'io.cilium.k8s.policy.cluster';

/** What a cluster is called that nobody names. */
export const DEFAULT_CLUSTER = 'default';

type Labels = Metadata['labels'];

const podDocument = object<{ readonly metadata: Metadata; readonly spec: PodSpec }>('Pod', {
  apiVersion: required(text),
  kind: ignored,
  metadata: required(metadata),
  spec: required(podSpec),
  status: ignored,
});

export function pod(at: At): Resource {
  const { metadata: meta, spec } = podDocument(at);
  const emit = (calls: Calls): void => {
    addEndpoint(calls, meta, meta.name, meta.labels, spec, at);
  };
  return { kind: 'Pod', metadata: meta, at, isNamespaced: true, emit };
}

interface Workload {
  readonly replicas?: number | undefined;
  readonly selector?: Placed<SelectorSpec> | undefined;
  readonly template: {
    readonly metadata?: TemplateMetadata | undefined;
    readonly spec: PodSpec;
  };
}

const SPEC_OF_NO_MEANING = meaningless(
  ...(['minReadySeconds', 'paused', 'persistentVolumeClaimRetentionPolicy', 'ordinals'] as const),
  ...(['podManagementPolicy', 'progressDeadlineSeconds', 'revisionHistoryLimit'] as const),
  ...(['serviceName', 'strategy', 'updateStrategy', 'volumeClaimTemplates'] as const),
);

/** Deployment, ReplicaSet, StatefulSet: `replicas` endpoints. DaemonSet: one, since there is one node. */
export function workload(kind: string): (at: At) => Resource {
  const template = object<Workload['template']>('pod template', {
    metadata: optional(templateMetadata),
    spec: required(podSpec),
  });
  const document = object<{ readonly metadata: Metadata; readonly spec: Workload }>(kind, {
    apiVersion: required(text),
    kind: ignored,
    metadata: required(metadata),
    spec: required(
      object<Workload>(kind, {
        replicas: kind === 'DaemonSet' ? ignored : optional(replicas),
        selector: optional(placed(selector)),
        template: required(template),
        ...SPEC_OF_NO_MEANING,
      }),
    ),
    status: ignored,
  });
  return (at) => {
    const { metadata: meta, spec } = document(at);
    const { replicas: count = 1, template: made, selector: own } = spec;
    if (own !== undefined && !matchesSelector(own.value, made.metadata?.labels ?? {})) {
      const hint = 'Give both the same labels: Kubernetes refuses it, too.';
      own.at.refuse('PLB_MANIFEST_VALUE', 'does not select the pods of its own template', hint);
    }
    const inside = made.metadata?.namespace;
    if (inside !== undefined && inside.value !== (meta.namespace ?? 'default')) {
      const hint = `Leave it out: pods of a ${kind} are in its own namespace.`;
      inside.at.refuse('PLB_MANIFEST_VALUE', 'is another namespace', hint);
    }
    const emit = (calls: Calls): void => {
      for (let n = 0; n < count; n++) {
        const name = `${meta.name}-${String(n)}`;
        if (!addEndpoint(calls, meta, name, made.metadata?.labels, made.spec, at)) return;
      }
    };
    return { kind, metadata: meta, at, isNamespaced: true, emit };
  };
}

function replicas(at: At): number {
  const count = integer(at);
  if (count >= 0 && count <= MAX_REPLICAS) return count;
  const hint = `Use 0 to ${String(MAX_REPLICAS)}.`;
  return at.refuse('PLB_MANIFEST_VALUE', 'is out of range', hint);
}

/** @returns whether there was an address for it */
function addEndpoint(
  calls: Calls,
  { namespace = 'default' }: Metadata,
  name: string,
  labels: Labels = {},
  { ports, serviceAccount }: PodSpec,
  at: At,
): boolean {
  const address = calls.address(calls.podRange, `${namespace}/${name}`);
  if (address === undefined) {
    const message = `finds no address left in ${calls.podRange}`;
    at.complain('PLB_MANIFEST_VALUE', message, 'Make fewer, or give the node a wider range.');
    return false;
  }
  const id = calls.label('node', namespace, name);
  const has = (key: string): boolean =>
    Object.keys(labels).some((own) => canonicalKey(own) === key);
  const props: ConstructCall['props'] = {
    address,
    labels: {
      ...labels,
      ...(!has(SERVICE_ACCOUNT_LABEL) && { [SERVICE_ACCOUNT_LABEL]: serviceAccount }),
      ...(!has(CLUSTER_LABEL) && { [CLUSTER_LABEL]: DEFAULT_CLUSTER }),
    },
    ...(Object.keys(ports).length > 0 && { ports: ports as never }),
  };
  const references = { namespace: calls.namespace(namespace, at) };
  calls.add({ construct: 'Endpoint', scope: 'node', id, props, references, origin: at.place });
  return true;
}

const namespaceDocument = object<{ readonly metadata: Metadata }>('Namespace', {
  apiVersion: required(text),
  kind: ignored,
  metadata: required(metadata),
  spec: ignored,
  status: ignored,
});

export function namespace(at: At): Resource {
  const { metadata: meta } = namespaceDocument(at);
  const emit = (calls: Calls): void => calls.addNamespace(meta.name, meta.labels ?? {}, at);
  return { kind: 'Namespace', metadata: meta, at, isNamespaced: false, emit };
}

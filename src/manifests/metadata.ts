import type { At } from './place.js';
import { meaningless, object, optional, placed, required, text, texts } from './reader.js';
import type { Placed, Reader } from './reader.js';

/** What Kubernetes keeps a description in where a kind has no field for one. */
export const DESCRIPTION = 'kubernetes.io/description';

export interface Metadata {
  readonly name: string;
  /** Absent: `default`, for what is in a namespace at all. */
  readonly namespace?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** The description, of all that annotations say; undefined where they have none. */
  readonly annotations?: string | undefined;
  /** Kubernetes has no such field, and some of Cilium's examples write it. */
  readonly description?: string | undefined;
}

/** What a cluster adds to what it is given, and notes for other tools. */
const KEPT_BY_THE_CLUSTER = meaningless(
  ...(['creationTimestamp', 'deletionGracePeriodSeconds'] as const),
  ...(['deletionTimestamp', 'finalizers', 'generateName', 'generation', 'managedFields'] as const),
  ...(['ownerReferences', 'resourceVersion', 'selfLink', 'uid'] as const),
);

export const metadata: Reader<Metadata> = object<Metadata>('metadata', {
  name: required(text),
  namespace: optional(text),
  labels: optional(texts),
  annotations: optional(descriptionAmong),
  description: optional(text),
  ...KEPT_BY_THE_CLUSTER,
});

/** Notes for other tools are none of ours; a description is passed on. */
function descriptionAmong(at: At): string | undefined {
  const found = at
    .pairs('mapping of text')
    .find(([name]) => name === DESCRIPTION)?.[1]
    .scalar();
  return typeof found === 'string' ? found : undefined;
}

/** Of the pods that a workload makes: they are named after the workload. */
export interface TemplateMetadata extends Pick<Metadata, 'labels'> {
  readonly namespace?: Placed<string> | undefined;
}

export const templateMetadata = object<TemplateMetadata>('metadata', {
  labels: optional(texts),
  name: optional(text),
  namespace: optional(placed(text)),
  ...meaningless('annotations'),
  ...KEPT_BY_THE_CLUSTER,
});

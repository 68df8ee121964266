import { meaningless, object, optional, required, text, texts, type Reader } from './reader.js';

export interface Metadata {
  readonly name: string;
  /** Absent: `default`, for what is in a namespace at all. */
  readonly namespace?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** What a cluster adds to what it is given, and notes for other tools. */
const KEPT_BY_THE_CLUSTER = meaningless(
  ...(['annotations', 'creationTimestamp', 'deletionGracePeriodSeconds'] as const),
  ...(['deletionTimestamp', 'finalizers', 'generateName', 'generation', 'managedFields'] as const),
  ...(['ownerReferences', 'resourceVersion', 'selfLink', 'uid'] as const),
);

export const metadata: Reader<Metadata> = object<Metadata>('metadata', {
  name: required(text),
  namespace: optional(text),
  labels: optional(texts),
  ...KEPT_BY_THE_CLUSTER,
});

/** Of the pods that a workload makes: they are named after the workload. */
export const templateMetadata = object<Pick<Metadata, 'labels'>>('metadata', {
  labels: optional(texts),
  name: optional(text),
  namespace: optional(text),
  ...KEPT_BY_THE_CLUSTER,
});

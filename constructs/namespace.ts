import type { Construct } from 'constructs';
import { PlumbError } from '../src/model/error.js';
import { NAMESPACE_LABEL, namespaceLabels } from '../src/model/namespace.js';
import { canonicalKey, canonicalLabels } from '../src/model/label-source.js';
import type { Labels } from '../src/model/program.js';
import { PlumbConstruct } from './base.js';
import { plain } from './plain.js';

/** What a {@link Namespace} is made from. */
export interface NamespaceProps {
  /**
   * Labels of the namespace itself. Selectors find its endpoints by them with
   * `io.cilium.k8s.namespace.labels.` in front of the key.
   * @default only `kubernetes.io/metadata.name`, which every namespace has
   */
  readonly labels?: Labels;

  /**
   * What endpoints and policies call it.
   * @default the id
   */
  readonly name?: string;
}

/**
 * A namespace of labels, as in Kubernetes: policies inside it are about its own endpoints. Endpoints and
 * policies are in the namespace around them, or in the one that their property `namespace` names.
 */
export class Namespace extends PlumbConstruct {
  /** What endpoints and policies call it. */
  readonly name: string;
  /** Labels of the namespace itself. */
  readonly labels: Labels;

  /** @throws PlumbError PLB_DUPLICATE_NAME, PLB_UNKNOWN_FIELD, PLB_NOT_PLAIN */
  constructor(scope: Construct, id: string, props: NamespaceProps = {}) {
    super(scope, id, props, ['labels', 'name']);
    this.name = plain(props.name ?? this.node.id, this.node.path, 'name');
    this.labels = plain(props.labels ?? {}, this.node.path, 'labels');
  }
}

/** The namespace that was asked for, else the one around a construct; undefined for none. */
export function namespaceOf(
  construct: Construct,
  given: Namespace | string | undefined,
): { readonly name: string; readonly labels: Labels } | undefined {
  if (typeof given === 'string') {
    return { name: plain(given, construct.node.path, 'namespace'), labels: {} };
  }
  return given ?? construct.node.scopes.findLast((scope) => scope instanceof Namespace);
}

/**
 * Labels of an endpoint, with those of its namespace.
 * @throws PlumbError PLB_NAMESPACE when its own labels name another namespace
 */
export function labelsIn(
  namespace: { readonly name: string; readonly labels: Labels } | undefined,
  own: Labels,
  path: string,
): Labels {
  if (namespace === undefined) return own;
  const named = Object.entries(own).find(([key]) => canonicalKey(key) === NAMESPACE_LABEL)?.[1];
  if (named === undefined || named === namespace.name) {
    return { ...canonicalLabels(own), ...namespaceLabels(namespace.name, namespace.labels) };
  }
  throw new PlumbError(
    'PLB_NAMESPACE',
    `${path}: it is in namespace ${namespace.name}, and its labels say ${named}`,
    { origin: { path }, hint: `Leave the label ${NAMESPACE_LABEL} out.` },
  );
}

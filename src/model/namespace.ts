import { canonicalKey } from './label-source.js';
import type { Labels, SelectorSpec } from './program.js';
import { selectorLabelKeys } from './selector.js';

/** Label that says which namespace an endpoint is in, the same as Cilium's. */
export const NAMESPACE_LABEL = 'io.kubernetes.pod.namespace';

/** What the keys of a namespace's own labels begin with where its endpoints carry them, as in Cilium. */
export const NAMESPACE_LABELS_PREFIX = 'io.cilium.k8s.namespace.labels.';

/** Every namespace is labelled with its name, as in Kubernetes. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Labels that an endpoint has because of its namespace. */
export function namespaceLabels(name: string, own: Labels = {}): Labels {
  const labels = { ...own, [NAME_LABEL]: name };
  return Object.fromEntries([
    [NAMESPACE_LABEL, name],
    ...Object.entries(labels).map(([key, value]) => [NAMESPACE_LABELS_PREFIX + key, value]),
  ]) as Labels;
}

/** Whether a selector says which namespaces it means. */
export function namesNamespace(selector: SelectorSpec): boolean {
  return selectorLabelKeys(selector)
    .map(canonicalKey)
    .some((key) => key === NAMESPACE_LABEL || key.startsWith(NAMESPACE_LABELS_PREFIX));
}

/** The selector, within one namespace. */
export function inNamespace(selector: SelectorSpec, namespace: string): SelectorSpec {
  return { ...selector, matchLabels: { ...selector.matchLabels, [NAMESPACE_LABEL]: namespace } };
}

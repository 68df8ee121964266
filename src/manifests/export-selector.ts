import { NAMESPACE_LABEL, NAMESPACE_LABELS_PREFIX } from '../model/namespace.js';
import type { SelectorSpec } from '../model/program.js';
import type { No } from './export.js';

/** What Kubernetes labels every namespace with. */
export const NAME_LABEL = 'kubernetes.io/metadata.name';

/** One selector as the two that Kubernetes has: of namespaces, and of pods in them. */
export interface SplitSelector {
  readonly namespaceSelector: SelectorSpec;
  readonly podSelector: SelectorSpec;
}

/** Labels of the namespace apart from those of the pod. */
export function splitSelector(selector: SelectorSpec, no: No): SplitSelector {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const labels = Object.entries(matchLabels);
  const keys = [...labels.map(([key]) => key), ...matchExpressions.map(({ key }) => key)];
  no(
    'selectors of reserved identities',
    keys.some((key) => key.startsWith('reserved:')),
  );
  // Every pod is in a namespace.
  const terms = matchExpressions.filter(
    ({ key, operator }) => key !== NAMESPACE_LABEL || operator !== 'Exists',
  );
  const part = (of: boolean): SelectorSpec =>
    trimmed({
      matchLabels: Object.fromEntries(
        labels
          .filter(([key]) => isOfNamespace(key) === of)
          .map(([key, value]) => [of ? keyOf(key) : key, value]),
      ),
      matchExpressions: terms
        .filter(({ key }) => isOfNamespace(key) === of)
        .map((term) => ({ ...term, key: of ? keyOf(term.key) : term.key })),
    });
  return { namespaceSelector: part(true), podSelector: part(false) };
}

export function isAnything({ matchLabels = {}, matchExpressions = [] }: SelectorSpec): boolean {
  return Object.keys(matchLabels).length + matchExpressions.length === 0;
}

export function isOfNamespace(key: string): boolean {
  return key === NAMESPACE_LABEL || key.startsWith(NAMESPACE_LABELS_PREFIX);
}

function keyOf(key: string): string {
  return key === NAMESPACE_LABEL ? NAME_LABEL : key.slice(NAMESPACE_LABELS_PREFIX.length);
}

function trimmed({ matchLabels = {}, matchExpressions = [] }: SelectorSpec): SelectorSpec {
  return {
    ...(Object.keys(matchLabels).length > 0 && { matchLabels }),
    ...(matchExpressions.length > 0 && { matchExpressions }),
  };
}

import { NAMESPACE_LABEL, NAMESPACE_LABELS_PREFIX } from '../model/namespace.js';
import type { SelectorOperator, SelectorSpec } from '../model/program.js';
import type { At } from './place.js';
import {
  defined,
  list,
  object,
  oneOf,
  optional,
  required,
  text,
  texts,
  type Reader,
} from './reader.js';

type Expression = NonNullable<SelectorSpec['matchExpressions']>[number];

interface RawExpression {
  readonly key: string;
  readonly operator: SelectorOperator;
  readonly values?: readonly string[] | undefined;
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

function operator(at: At): SelectorOperator {
  const value = at.scalar();
  const meant = OPERATORS.find(
    (one) => typeof value === 'string' && one.toLowerCase() === value.toLowerCase(),
  );
  if (meant === undefined || meant === value) return oneOf(...OPERATORS)(at);
  const message = `is ${String(value)}: Kubernetes and Cilium refuse it, too, in other letters`;
  return at.refuse('PLB_MANIFEST_VALUE', message, `Write ${meant}.`);
}

const expression = object<RawExpression>('term', {
  key: required(text),
  operator: required(operator),
  values: optional(list(text)),
});

interface RawSelector {
  readonly matchLabels?: SelectorSpec['matchLabels'];
  readonly matchExpressions?: readonly RawExpression[] | undefined;
}

const raw = object<RawSelector>('selector', {
  matchLabels: optional(texts),
  matchExpressions: optional(list(expression)),
});

/** A label selector of Kubernetes. An empty list of values is none. */
export const selector: Reader<SelectorSpec> = (at) => {
  const { matchLabels, matchExpressions } = raw(at);
  const terms = matchExpressions?.map(({ key, operator, values }): Expression => {
    const some = values?.length ? { values } : {};
    return { key, operator, ...some };
  });
  return defined({ matchLabels, matchExpressions: terms });
};

/** Endpoints whose own labels match one selector, in namespaces whose labels match another. */
export function within(namespaces: SelectorSpec, pods: SelectorSpec = {}): SelectorSpec {
  const ofNamespace = (key: string): string => NAMESPACE_LABELS_PREFIX + key;
  const { matchLabels = {}, matchExpressions = [] } = namespaces;
  return {
    matchLabels: {
      ...pods.matchLabels,
      ...Object.fromEntries(Object.entries(matchLabels).map(([k, v]) => [ofNamespace(k), v])),
    },
    matchExpressions: [
      ...(pods.matchExpressions ?? []),
      ...matchExpressions.map((term) => ({ ...term, key: ofNamespace(term.key) })),
      // What is in no namespace is no pod.
      { key: NAMESPACE_LABEL, operator: 'Exists' as const },
    ],
  };
}

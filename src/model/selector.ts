import type { Labels, SelectorSpec } from './program.js';

type Expression = NonNullable<SelectorSpec['matchExpressions']>[number];

/** Whether labels satisfy every term of a selector (Kubernetes label selectors; `{}` matches all). */
export function matchesSelector(selector: SelectorSpec, labels: Labels): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (!Object.hasOwn(labels, key) || labels[key] !== value) return false;
  }
  return (selector.matchExpressions ?? []).every((term) => matchesExpression(term, labels));
}

function matchesExpression({ key, operator, values = [] }: Expression, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      // As in Kubernetes: labels without the key match.
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** One text for selectors that mean the same terms, whatever their order. */
export function selectorKey(selector: SelectorSpec): string {
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) =>
    JSON.stringify([key, 'In', [value]]),
  );
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) =>
    JSON.stringify([key, operator, [...new Set(values)].sort()]),
  );
  return [...new Set([...labels, ...expressions])].sort().join('&');
}

/** Every label key that a selector names. */
export function selectorLabelKeys(selector: SelectorSpec): string[] {
  return [
    ...Object.keys(selector.matchLabels ?? {}),
    ...(selector.matchExpressions ?? []).map((term) => term.key),
  ];
}

/** `{org=empire,class in (a,b)}`, for people. */
export function selectorText(selector: SelectorSpec): string {
  const labels = Object.entries(selector.matchLabels ?? {}).map(([k, v]) => `${k}=${v}`);
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'not in'} (${values.join(',')})`;
  });
  return `{${[...labels, ...expressions].join(',')}}`;
}

import type { Labels, SelectorOperator, SelectorSpec } from './program.js';

type Expression = NonNullable<SelectorSpec['matchExpressions']>[number];

/** Whether labels satisfy every term of a selector (Kubernetes label selectors; `{}` matches all). */
export function matchesSelector(selector: SelectorSpec, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions } = selector;
  for (const key in matchLabels) {
    // What an object inherits is never a text, so it equals none.
    if (labels[key] !== matchLabels[key]) return false;
  }
  return matchExpressions?.every((term) => matchesExpression(term, labels)) ?? true;
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

/** One text for selectors that mean the same terms, whatever their order; it reads well, too. */
export function selectorKey(selector: SelectorSpec): string {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const keys = Object.keys(matchLabels);
  const [only] = keys;
  // Most selectors ask for one label; there can be as many of them as policies.
  if (only !== undefined && keys.length === 1 && matchExpressions.length === 0) {
    return `{${pairText(only, matchLabels)}}`;
  }
  const terms = new Set(keys.map((key) => pairText(key, matchLabels)));
  for (const { key, operator, values = [] } of matchExpressions) {
    terms.add(termText(key, operator, [...new Set(values)].sort()));
  }
  return `{${[...terms].sort().join(',')}}`;
}

function pairText(key: string, labels: Labels): string {
  return `${wordText(key)}=${wordText(labels[key] ?? '')}`;
}

function termText(key: string, operator: SelectorOperator, values: readonly string[]): string {
  const name = wordText(key);
  const words = values.map(wordText);
  if (operator === 'Exists') return name;
  if (operator === 'DoesNotExist') return `!${name}`;
  if (words.length === 1) return `${name}${operator === 'In' ? '=' : '!='}${words[0] ?? ''}`;
  return `${name} ${operator === 'In' ? 'in' : 'not in'} (${words.join(',')})`;
}

/** Quoted where it could be taken for something else: no two selectors may have one text. */
function wordText(word: string): string {
  return /^[\w./:-]*$/.test(word) ? word : JSON.stringify(word);
}

/** Every label key that a selector names. */
export function selectorLabelKeys(selector: SelectorSpec): string[] {
  return [
    ...Object.keys(selector.matchLabels ?? {}),
    ...(selector.matchExpressions ?? []).map((term) => term.key),
  ];
}

import { lint, type Lint } from '../model/lint.js';
import type { EndpointSpec } from '../model/program.js';
import type { LintInput } from './input.js';

/** Fewer endpoints than this prove nothing. */
const FEWEST = 10;

/** Share of the endpoints that have a label, from which on nearly every one has a value of its own. */
const NEARLY_ALL = 0.9;

/**
 * Labels with another value for nearly every endpoint: each set of labels is an identity, so that such
 * a label makes as many identities as there are endpoints.
 */
export function lintCardinality({ document }: LintInput): Lint[] {
  const seen = new Map<string, { readonly values: Set<string>; readonly of: EndpointSpec[] }>();
  for (const endpoint of document.endpoints) {
    for (const [key, value] of Object.entries(endpoint.labels)) {
      const label = seen.get(key) ?? { values: new Set(), of: [] };
      label.values.add(value);
      label.of.push(endpoint);
      seen.set(key, label);
    }
  }
  return [...seen]
    .filter(([, { values, of }]) => of.length >= FEWEST && values.size >= NEARLY_ALL * of.length)
    .map(([key, { values, of }]) => {
      const [first] = of as [EndpointSpec];
      return lint(
        'PLL_HIGH_CARDINALITY',
        `label ${key} has ${String(values.size)} values among ${String(of.length)} endpoints: nearly each is an identity of its own`,
        first.origin,
        'Leave out labels that no policy selects by: names, hashes, addresses, ordinals.',
      );
    });
}

import type { REQUESTS } from './arbitrary-rules.js';
import type { NaiveDecision } from './naive.js';

const expressions = new Map<string, RegExp>();

function isWhole(text: string | undefined, value: string): boolean {
  if (text === undefined) return true;
  const known = expressions.get(text) ?? new RegExp(`^(?:${text})$`);
  expressions.set(text, known);
  return known.test(value);
}

/** Whether what is allowed lets a request through. */
export function letsThrough(
  only: NaiveDecision['only'],
  { method, path, headers }: (typeof REQUESTS)[number],
): boolean {
  return only.every(
    (list) =>
      list.length === 0 ||
      list.some(
        (rule) =>
          isWhole(rule.method, method) &&
          isWhole(rule.path, path) &&
          (rule.headers ?? []).every((wanted) =>
            headers.some(([name, value]) => {
              const [key = '', only] = wanted.toLowerCase().split(': ');
              return name.toLowerCase() === key && (only === undefined || value === only);
            }),
          ),
      ),
  );
}

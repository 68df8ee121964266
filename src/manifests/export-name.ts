import type { PolicySpec } from '../model/program.js';

/** Room for a number behind the name of an object, which has 253 characters. */
const LONGEST = 240;

/**
 * The policies under names that Kubernetes takes, each once in its namespace and kind: ours are whatever
 * their programs call them.
 */
export function withNames(policies: readonly PolicySpec[]): PolicySpec[] {
  const keyOf = (name: string, { tier, namespace }: PolicySpec): string =>
    [tier === undefined ? 'policy' : 'tier', namespace ?? '', name].join('/');
  // What is a name already stays what it is.
  const taken = new Set(
    policies.filter(({ name }) => isName(name)).map((policy) => keyOf(policy.name, policy)),
  );
  const given = new Set<string>();
  return policies.map((policy) => {
    const own = keyOf(policy.name, policy);
    if (isName(policy.name) && !given.has(own)) {
      given.add(own);
      return policy;
    }
    const base = nameOf(policy.name);
    let name = base;
    for (let n = 2; taken.has(keyOf(name, policy)); n++) name = `${base}-${String(n)}`;
    taken.add(keyOf(name, policy));
    return { ...policy, name };
  });
}

function isName(text: string): boolean {
  return (
    text.length <= LONGEST &&
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text)
  );
}

function nameOf(text: string): string {
  const parts = text
    .toLowerCase()
    .slice(0, LONGEST)
    .split('.')
    .map((part) => part.replaceAll(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, ''));
  return parts.filter((part) => part !== '').join('.') || 'policy';
}

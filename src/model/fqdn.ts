import type { FQDNSelectorSpec } from './program.js';

/** What a name in the DNS is compared as: small letters, without the dot of the root. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

const NAME = /^[-a-z0-9_]{1,63}(\.[-a-z0-9_]{1,63})*$/;
const PATTERN_LABEL = /^[-a-z0-9_*]{1,63}$/;
/** Characters of a name at most (RFC 1035, section 2.3.4). */
const LONGEST = 253;

/** Why a selector of names is none; undefined when it is one. */
export function fqdnProblem({ matchName, matchPattern }: FQDNSelectorSpec): string | undefined {
  if ((matchName === undefined) === (matchPattern === undefined)) {
    return 'it has to have a matchName or a matchPattern, one of them';
  }
  if (matchName !== undefined) {
    const name = canonicalName(matchName);
    return name.length <= LONGEST && NAME.test(name) ? undefined : `${matchName} is no name`;
  }
  const pattern = canonicalName(matchPattern ?? '');
  const labels = pattern.replace(/^\*\*\./, '').split('.');
  const isPattern = labels.every((label) => PATTERN_LABEL.test(label) && !label.includes('**'));
  if (pattern.length <= LONGEST && isPattern) return undefined;
  return pattern.includes('**')
    ? `${pattern}: ** can only be all of the first label, before others`
    : `${pattern} is no pattern of names`;
}

/** One text for selectors that match the same names in the same words. */
export function fqdnKey({ matchName, matchPattern }: FQDNSelectorSpec): string {
  return canonicalName(matchName ?? matchPattern ?? '');
}

/**
 * Whether a name is one that a selector means. In a pattern `*` stands for any number of characters of
 * one label, a leading `**.` for one label or more, and `*` alone for every name.
 */
export function matchesFQDN(selector: FQDNSelectorSpec, name: string): boolean {
  const key = fqdnKey(selector);
  const asked = canonicalName(name);
  if (selector.matchName !== undefined) return key === asked;
  if (key === '*') return asked !== '';
  const spans = key.startsWith('**.');
  const patterns = (spans ? key.slice(3) : key).split('.');
  const labels = asked.split('.');
  const more = labels.length - patterns.length;
  if (spans ? more < 1 : more !== 0) return false;
  return patterns.every((pattern, i) => matchesLabel(pattern, labels[more + i] ?? ''));
}

/** Goes back to the last star only, so that no pattern takes more than length times length steps. */
function matchesLabel(pattern: string, label: string): boolean {
  let [p, l] = [0, 0];
  let star = -1;
  let from = 0;
  while (l < label.length) {
    if (pattern[p] === '*') {
      [star, from] = [p++, l];
    } else if (pattern[p] === label[l]) {
      p++;
      l++;
    } else if (star >= 0) {
      p = star + 1;
      l = ++from;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

import { RE2JS } from 're2js';
import { matchesFQDN } from '../model/fqdn.js';
import type { FilterRules, HeaderMatchSpec, HTTPRuleSpec } from '../model/l7.js';
import type { FQDNSelectorSpec } from '../model/program.js';
import { splitHeader } from '../policy/match-l7.js';

type FilterRule = FilterRules['rules'][number];
type Protocol = FilterRules['protocol'];

/** Rules of two filters that let something through which the other does not, as far as can be shown. */
export interface RequestChange {
  readonly opens: readonly FilterRule[];
  readonly closes: readonly FilterRule[];
}

/**
 * Which requests open and close. A rule counts as neither where it can be shown that the other filter lets
 * all of it through; where both lists are empty, the same requests pass.
 */
export function compareFilters(before: FilterRules, after: FilterRules): RequestChange {
  const isSame = before.protocol === after.protocol && before.plugin === after.plugin;
  const beyond = (these: FilterRules, others: FilterRules): FilterRule[] =>
    rulesOf(these).filter(
      (one) => !isSame || !isCovered(these.protocol, one.rule, rulesOf(others)),
    );
  return { opens: beyond(after, before), closes: beyond(before, after) };
}

const ANYTHING: Readonly<Record<Protocol, object>> = {
  http: {},
  plugin: {},
  dns: { matchPattern: '*' },
  tls: { matchPattern: '*' },
};

/** A filter without rules lets everything through that is of its protocol. */
function rulesOf({ protocol, rules }: FilterRules): readonly FilterRule[] {
  return rules.length > 0 ? rules : [{ rule: ANYTHING[protocol] as never, origins: [] }];
}

function isCovered(protocol: Protocol, rule: object, others: readonly FilterRule[]): boolean {
  const parts = protocol === 'http' ? alternativesOf(rule) : [rule];
  return parts.every((part) => others.some((other) => isInside(protocol, part, other.rule)));
}

function isInside(protocol: Protocol, inner: object, outer: object): boolean {
  if (JSON.stringify(inner) === JSON.stringify(outer)) return true;
  if (protocol === 'http') return isHttpInside(inner, outer);
  // What fields of a plug-in mean is the plug-in's business; none at all is everything.
  if (protocol === 'plugin') return Object.keys(outer).length === 0;
  const { matchName } = inner as FQDNSelectorSpec;
  const { matchPattern } = outer as FQDNSelectorSpec;
  return matchPattern === '*' || (matchName !== undefined && matchesFQDN(outer, matchName));
}

function isHttpInside(inner: HTTPRuleSpec, outer: HTTPRuleSpec): boolean {
  // Such a rule says what becomes of a request, too.
  if ([inner, outer].some(({ headerMatches = [] }) => headerMatches.some(hasAction))) return false;
  const has = headersOf(inner);
  return (
    isMatched(inner.method, outer.method) &&
    isMatched(inner.path, outer.path) &&
    isMatched(inner.host, outer.host) &&
    headersOf(outer).every(({ name, value }) =>
      has.some((own) => own.name === name && (value === undefined || own.value === value)),
    )
  );
}

function hasAction({ mismatch }: HeaderMatchSpec): boolean {
  return mismatch !== undefined;
}

function headersOf({ headers = [], headerMatches = [] }: HTTPRuleSpec): HeaderMatchSpec[] {
  return [...headers.map(splitHeader), ...headerMatches].map(({ name, value }) => ({
    name: name.toLowerCase(),
    ...(value !== undefined && { value }),
  }));
}

/** Whether everything that one expression matches is matched by another. False where that is not plain. */
function isMatched(inner: string | undefined, outer: string | undefined): boolean {
  if (outer === undefined || outer === '.*' || inner === outer) return true;
  const parts = inner === undefined ? undefined : wordsOf(inner);
  if (parts === undefined) return false;
  const around = wordsOf(outer)?.filter(({ isOpen }) => isOpen) ?? [];
  return parts.every(
    ({ text, isOpen }) =>
      around.some((one) => text.startsWith(one.text)) ||
      (!isOpen && RE2JS.compile(outer).matches(text)),
  );
}

/** A text, or all that begin with it. */
interface Word {
  readonly text: string;
  readonly isOpen: boolean;
}

/** `GET|HEAD`, `/v1/.*`: the texts that such an expression means; undefined for one of another sort. */
function wordsOf(expression: string): Word[] | undefined {
  const words = expression.split('|').map((part): Word | undefined => {
    const isOpen = part.endsWith('.*') && !part.endsWith('\\.*');
    const body = isOpen ? part.slice(0, -2) : part;
    const isPlain = /^(?:[^\\.^$*+?()[\]{}]|\\[^\sA-Za-z0-9])*$/.test(body);
    return isPlain ? { text: body.replace(/\\(.)/g, '$1'), isOpen } : undefined;
  });
  return words.every((word) => word !== undefined) ? words : undefined;
}

/** The rule once for each combination of what its expressions name. */
function alternativesOf(rule: HTTPRuleSpec): HTTPRuleSpec[] {
  let all: HTTPRuleSpec[] = [rule];
  for (const field of ['method', 'path', 'host'] as const) {
    const expression = rule[field];
    if (expression === undefined || wordsOf(expression) === undefined) continue;
    const parts = expression.split('|');
    if (parts.length * all.length > MOST) continue;
    all = all.flatMap((one) => parts.map((part) => ({ ...one, [field]: part })));
  }
  return all;
}

const MOST = 256;

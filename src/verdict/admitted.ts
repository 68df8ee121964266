import type { Labels, SelectorSpec } from '../model/program.js';
import { matchesSelector, selectorKey, selectorLabelKeys } from '../model/selector.js';

/** Labels that nobody need have, for everybody whom selectors could admit and would take for the same. */
export interface Witness {
  /** As few as will do. */
  readonly labels: Labels;
  /** Places of the selectors that match them, ascending. */
  readonly matched: readonly number[];
}

export interface Witnesses {
  readonly witnesses: readonly Witness[];
  /** Whether there is one for every combination of selectors that some labels satisfy. */
  readonly isComplete: boolean;
}

/** What all selectors say as far as some keys go. */
interface State {
  /** Bit n: selector n may match yet. */
  readonly alive: bigint;
  readonly labels: readonly (readonly [string, string])[];
}

/**
 * A witness for each satisfiable combination of selectors: key by key, those who differ only in what no
 * selector asks are one. At most `most`; beyond that those of few labels stay.
 * @param wanted places of selectors of which at least one must match; default: whatever matches
 */
export function witnessesOf(
  selectors: readonly SelectorSpec[],
  most: number,
  wanted?: readonly number[],
): Witnesses {
  const mask = wanted?.reduce((bits, n) => bits | (1n << BigInt(n)), 0n);
  const isWanted = ({ alive }: State): boolean => mask === undefined || (alive & mask) !== 0n;
  const start: State = { alive: (1n << BigInt(selectors.length)) - 1n, labels: [] };
  let states = [start].filter(isWanted);
  let isComplete = true;
  for (const key of keysOf(selectors, wanted ?? [])) {
    const options = optionsOf(key, selectors);
    const next = new Map<bigint, State>();
    for (const { alive, labels } of states) {
      for (const { value, matched } of options) {
        const state: State = {
          alive: alive & matched,
          labels: value === undefined ? labels : [...labels, [key, value]],
        };
        const known = next.get(state.alive);
        if (!isWanted(state)) continue;
        if (known !== undefined && known.labels.length <= state.labels.length) continue;
        next.set(state.alive, state);
      }
    }
    states = [...next.values()].sort((a, b) => a.labels.length - b.labels.length);
    if (states.length > most) isComplete = false;
    states = states.slice(0, most);
  }
  const witnesses = states.map(({ alive, labels }) => ({
    labels: Object.fromEntries(labels),
    matched: selectors.flatMap((_, n) => ((alive & (1n << BigInt(n))) === 0n ? [] : [n])),
  }));
  return { witnesses, isComplete };
}

/** Every label key once; those of selectors that must match go first, so that all their values stay. */
function keysOf(selectors: readonly SelectorSpec[], wanted: readonly number[]): string[] {
  const first = wanted.flatMap((n) => selectorLabelKeys(selectors[n] ?? {}));
  const others = selectors.flatMap(selectorLabelKeys);
  return [...new Set([...first.sort(), ...others.sort()])];
}

interface Option {
  /** Undefined: labels without the key. */
  readonly value: string | undefined;
  /** Selectors that have nothing against it. */
  readonly matched: bigint;
}

/** What can be said with a key: nothing, each value that a selector names, and one that none does. */
function optionsOf(key: string, selectors: readonly SelectorSpec[]): Option[] {
  const parts = selectors.map((selector) => aboutKey(selector, key));
  const named = new Set(
    parts.flatMap(({ matchLabels = {}, matchExpressions = [] }) => [
      ...Object.values(matchLabels),
      ...matchExpressions.flatMap(({ values = [] }) => values),
    ]),
  );
  let other = 'other';
  while (named.has(other)) other += '-x';
  return [undefined, ...[...named].sort(), other].map((value) => {
    const labels = value === undefined ? {} : { [key]: value };
    const matched = parts.reduce(
      (bits, part, n) => (matchesSelector(part, labels) ? bits | (1n << BigInt(n)) : bits),
      0n,
    );
    return { value, matched };
  });
}

function aboutKey({ matchLabels = {}, matchExpressions = [] }: SelectorSpec, key: string) {
  const value = Object.hasOwn(matchLabels, key) ? matchLabels[key] : undefined;
  return {
    ...(value === undefined ? {} : { matchLabels: { [key]: value } }),
    matchExpressions: matchExpressions.filter((term) => term.key === key),
  } satisfies SelectorSpec;
}

/** What a witness is, by the selectors that match it and imply the others: `{app not in (s,x)}`. */
export function witnessText({ matched }: Witness, selectors: readonly SelectorSpec[]): string {
  const all = matched.map((n) => selectors[n] ?? {}).map((one) => ({ one, terms: termsOf(one) }));
  const telling = all.filter(
    ({ terms }, n) =>
      terms.length > 0 &&
      !all.some(
        (other, m) =>
          m !== n &&
          terms.every((term) => other.terms.includes(term)) &&
          (other.terms.length > terms.length || m < n),
      ),
  );
  return telling.map(({ one }) => selectorKey(one)).join(' and ');
}

function termsOf({ matchLabels = {}, matchExpressions = [] }: SelectorSpec): string[] {
  return [
    ...Object.entries(matchLabels).map(([key, value]) =>
      selectorKey({ matchLabels: { [key]: value } }),
    ),
    ...matchExpressions.map((term) => selectorKey({ matchExpressions: [term] })),
  ];
}

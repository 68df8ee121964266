import type { Labels, SelectorSpec } from '../model/program.js';
import { matchesSelector, selectorLabelKeys } from '../model/selector.js';

/** A term about labels. */
interface Term {
  readonly key: string;
  readonly selector: SelectorSpec;
}

/** A value of a label, and the terms that ask for it. */
interface Value {
  /** Different for each value of its label; counts from 0. */
  readonly number: number;
  /** Keys of those that ask for nothing else: one at most, since equal terms are one. */
  exact: string | undefined;
  /** Those that ask for more. */
  partial: Term[] | undefined;
  /** Signature of labels of which this is the first that is looked at. */
  signature: number | undefined;
}

/** A label that terms look at. */
interface Label {
  readonly key: string;
  readonly values: Map<string, Value>;
  /** Signature before this label and the number of its value to the signature after it. */
  readonly next: Map<number, number>;
}

/** More values than a label of identities can have. */
const VALUES = 2 ** 24;

/** Terms that ask for values of labels, by the first that each asks for. */
export class LabelIndex {
  private readonly byKey = new Map<string, Label>();
  /** In the order in which they are looked at. */
  private readonly labels: Label[] = [];
  private signatures = 1;

  /** Tells apart by this label, too. */
  ask(key: string): Label {
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    const label = { key, values: new Map(), next: new Map() };
    this.byKey.set(key, label);
    this.labels.push(label);
    return label;
  }

  /** False for a term that asks for no value. */
  add(term: Term): boolean {
    const { matchLabels = {}, matchExpressions = [] } = term.selector;
    const [key, ...more] = Object.keys(matchLabels);
    if (key === undefined) return false;
    const value = valueOf(this.ask(key), matchLabels[key] ?? '');
    if (more.length + matchExpressions.length === 0) value.exact = term.key;
    else {
      (value.partial ??= []).push(term);
      for (const other of selectorLabelKeys(term.selector)) this.ask(other);
    }
    return true;
  }

  /** Equal for labels that no term tells apart; counts from 0. */
  signatureOf(labels: Labels): number {
    let signature = 0;
    for (const label of this.labels) {
      const text = labels[label.key];
      // What an object inherits is no text.
      if (typeof text !== 'string') continue;
      const value = valueOf(label, text);
      signature =
        signature === 0
          ? (value.signature ??= this.signatures++)
          : this.after(signature, label, value);
    }
    return signature;
  }

  addHolding(labels: Labels, keys: string[]): void {
    for (const { key, values } of this.labels) {
      const text = labels[key];
      const value = typeof text === 'string' ? values.get(text) : undefined;
      if (value === undefined) continue;
      if (value.exact !== undefined) keys.push(value.exact);
      for (const term of value.partial ?? []) {
        if (matchesSelector(term.selector, labels)) keys.push(term.key);
      }
    }
  }

  private after(signature: number, { next }: Label, { number }: Value): number {
    const step = signature * VALUES + number;
    const known = next.get(step);
    if (known !== undefined) return known;
    next.set(step, this.signatures);
    return this.signatures++;
  }
}

function valueOf({ values }: Label, text: string): Value {
  const known = values.get(text);
  if (known !== undefined) return known;
  const number = values.size;
  const value = { number, exact: undefined, partial: undefined, signature: undefined };
  values.set(text, value);
  return value;
}

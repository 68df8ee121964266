import { isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair } from 'yaml';
import { PlumbError } from '../model/error.js';
import type { Place } from '../model/construct-call.js';

/** What all readers of one file share. */
export interface Source {
  readonly file: string;
  readonly lines: LineCounter;
  /** Everything that is wrong with the file, as it is found. */
  readonly errors: PlumbError[];
}

/** Thrown where a value cannot be made; what is wrong was recorded before. */
export class Refused extends Error {}

/** A value in a document, with where it is and what leads there. */
export class At {
  constructor(
    readonly source: Source,
    /** Field path from the document's root, `spec.ingress[0]`; empty for the root. */
    readonly path: string,
    readonly node: Node | null,
    /** Where to point to when the value itself is empty: its key. */
    private readonly fallback?: Node,
  ) {}

  get place(): Place {
    const offset = (this.node ?? this.fallback)?.range?.[0] ?? this.fallback?.range?.[0] ?? 0;
    const { line, col } = this.source.lines.linePos(offset);
    return { file: this.source.file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  /** Whether there is no value, or null, which Kubernetes takes for none. */
  get isNull(): boolean {
    return this.node === null || (isScalar(this.node) && this.node.value === null);
  }

  member(name: string, pair: Pair): At {
    const path = /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
    const full = (this.path + path).replace(/^\./, '');
    return new At(this.source, full, pair.value as Node | null, pair.key as Node);
  }

  item(index: number, node: unknown): At {
    const fallback = this.node ?? undefined;
    return new At(this.source, `${this.path}[${index}]`, node as Node | null, fallback);
  }

  /** The pairs of a mapping with text for keys. */
  pairs(what: string): readonly [name: string, at: At][] {
    this.noAlias();
    if (!isMap(this.node)) this.refuse('PLB_MANIFEST_VALUE', `is no ${what}`, 'Write a mapping.');
    return this.node.items.map((pair) => {
      const name = isScalar(pair.key) ? pair.key.value : undefined;
      if (typeof name === 'string') return [name, this.member(name, pair)];
      return this.refuse('PLB_MANIFEST_VALUE', 'has a key that is no text', 'Quote the key.');
    });
  }

  items(): readonly At[] {
    this.noAlias();
    if (!isSeq(this.node)) this.refuse('PLB_MANIFEST_VALUE', 'is no list', 'Write a list.');
    return this.node.items.map((item, i) => this.item(i, item));
  }

  /** The value of a scalar; undefined for anything else. */
  scalar(): unknown {
    this.noAlias();
    return isScalar(this.node) ? this.node.value : undefined;
  }

  /** Records what is wrong here. */
  complain(code: `PLB_${string}`, message: string, hint: string): void {
    const { place } = this;
    const what = this.path === '' ? 'the document' : this.path;
    const where = `${place.file}:${place.line}`;
    const origin = { path: this.path, ...place };
    this.source.errors.push(new PlumbError(code, `${where}: ${what} ${message}`, { origin, hint }));
  }

  /** @throws Refused */
  refuse(code: `PLB_${string}`, message: string, hint: string): never {
    this.complain(code, message, hint);
    throw new Refused();
  }

  /** An alias may stand for a document of any size. */
  private noAlias(): void {
    if (!isAlias(this.node)) return;
    this.refuse('PLB_MANIFEST_VALUE', 'is an alias', 'Write out what the alias stands for.');
  }
}

import { BpfProgram, type Filter } from './native.js';

export interface KnownFilter {
  readonly filter: Filter;
  readonly program: BpfProgram;
}

/** Filters that an apply took off a block, with their programs open, so that an undo can put them back. */
export class FilterMemory {
  readonly #filters = new Map<string, readonly KnownFilter[]>();

  /** `shown` is what a state says of the block: the same filters are known by it. */
  remember(block: number, shown: string, filters: readonly Filter[]): void {
    const key = `${block} ${shown}`;
    if (this.#filters.has(key)) return;
    const known = filters.flatMap((filter) =>
      filter.bpf === undefined ? [] : [{ filter, program: BpfProgram.openId(filter.bpf.id) }],
    );
    this.#filters.set(key, known);
  }

  recall(block: number, shown: string): readonly KnownFilter[] {
    return this.#filters.get(`${block} ${shown}`) ?? [];
  }

  close(): void {
    for (const known of this.#filters.values()) known.forEach(({ program }) => program.close());
    this.#filters.clear();
  }
}

import { encodeKey } from '../state/codec.js';
import { indexOf, widthsOf } from '../state/columns.js';
import { diffColumns } from '../state/difference.js';
import { numbers } from '../state/numbers.js';
import type { Columns } from '../state/state.js';

const MAP = 'plumb_classes';

/** Rows of `plumb_classes`, looked up in place: there may be half a million, of which few matter. */
export class Classes {
  private readonly classes: Uint32Array;

  constructor(private readonly columns: Columns) {
    this.classes = numbers({ map: MAP, columns }, 'value', 'class');
  }

  of(identity: number): number | undefined {
    const row = indexOf(this.columns, encodeKey(MAP, { identity }));
    return row < 0 ? undefined : this.classes[row];
  }

  /** Every class that an identity has. */
  used(): Set<number> {
    return new Set(this.classes);
  }

  /** Identities of both with another class in `after`: identity, class here, class there. */
  changes(after: Classes): [number, number, number][] {
    const { changedBefore, changedAfter } = diffColumns(this.columns, after.columns, widthsOf(MAP));
    const identity = numbers({ map: MAP, columns: this.columns }, 'key', 'identity');
    return changedBefore.map((row, i) => [
      identity[row] ?? 0,
      this.classes[row] ?? 0,
      after.classes[changedAfter[i] ?? 0] ?? 0,
    ]);
  }

  /** Classes of the identities that only `after` has. */
  arriving(after: Classes): Set<number> {
    const { added } = diffColumns(this.columns, after.columns, widthsOf(MAP));
    return new Set(added.map((row) => after.classes[row] ?? 0));
  }
}

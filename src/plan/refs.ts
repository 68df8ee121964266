import { buildColumns } from '../state/columns.js';
import { DIRECTION } from '../state/layout.js';
import { numbers } from '../state/numbers.js';
import type { Columns } from '../state/state.js';

export const DIRECTIONS: readonly number[] = Object.values(DIRECTION);

/** Class of the row that stands for every class without one of its own. */
export const DEFAULT_CLASS = 0;

/** Absent: a packet is dropped. */
export const NO_TABLE = 0;

/** The refs of one version: which table judges a (direction, class). */
export class Refs {
  private constructor(private readonly tables: Map<number, number>) {}

  static of(columns: Columns | undefined): Refs {
    const tables = new Map<number, number>();
    if (columns !== undefined) {
      const rows = { map: 'plumb_refs', columns } as const;
      const direction = numbers(rows, 'key', 'direction');
      const id = numbers(rows, 'key', 'class');
      const table = numbers(rows, 'value', 'table');
      table.forEach((to, i) => tables.set(slot(direction[i] ?? 0, id[i] ?? 0), to));
    }
    return new Refs(tables);
  }

  /** The table that judges, by its own row or the default one; NO_TABLE for none. */
  lookup(direction: number, id: number): number {
    return this.own(direction, id) ?? this.own(direction, DEFAULT_CLASS) ?? NO_TABLE;
  }

  /** The table of the class's own row. */
  own(direction: number, id: number): number | undefined {
    return this.tables.get(slot(direction, id));
  }

  /** Whether any row is for this class. */
  knows(id: number): boolean {
    return DIRECTIONS.some((direction) => this.own(direction, id) !== undefined);
  }

  /** Equal for classes that are judged alike. */
  signature(id: number): string {
    return DIRECTIONS.map((direction) => this.lookup(direction, id)).join(',');
  }

  /** The same refs where `id` is judged like `model`. The row is left as it is where that holds already. */
  alike(id: number, model: { readonly refs: Refs; readonly id: number }): Refs {
    const tables = new Map(this.tables);
    const changed = new Refs(tables);
    for (const direction of DIRECTIONS) {
      const table = model.refs.lookup(direction, model.id);
      if (this.lookup(direction, id) === table) continue;
      if (table === NO_TABLE) tables.delete(slot(direction, id));
      else tables.set(slot(direction, id), table);
    }
    return changed;
  }

  toColumns(version: number): Columns {
    return buildColumns(
      'plumb_refs',
      [...this.tables].map(([at, table]) => ({
        key: { version, direction: Math.floor(at / CLASSES), class: at % CLASSES },
        value: { table },
      })),
    );
  }
}

const CLASSES = 2 ** 32;

function slot(direction: number, id: number): number {
  return direction * CLASSES + id;
}

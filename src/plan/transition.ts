import { columnsAt, headsOf, type Entries } from './entries-view.js';
import { moveClasses } from './move-classes.js';
import { moveSets } from './move-sets.js';
import { pairKey } from './moves.js';
import type { Refs } from './refs.js';

/** How identities and endpoints get from their old classes and policy sets to their new ones. */
export interface Transition {
  /** Version -> its refs while the heads flip, where they are not simply those of its program. */
  readonly refs: ReadonlyMap<number, Refs>;
  /** Policy set -> version, to add to the heads that are live before the commit. */
  readonly headsBefore: ReadonlyMap<number, number>;
  /** Policy set -> version, to add to the heads that are live after it. */
  readonly headsAfter: ReadonlyMap<number, number>;
  /** Identity -> class while the heads flip, where it is not the new one. */
  readonly classes: ReadonlyMap<number, number>;
  /** `pairKey` of policy sets -> set while the heads flip. */
  readonly sets: ReadonlyMap<string, number>;
  /** Whether the old policy, left in its buffer, judges as before once all moves are done. */
  readonly undoable: boolean;
  /** Whether anybody moves at all. */
  readonly moves: boolean;
}

export const NO_TRANSITION: Transition = {
  refs: new Map(),
  headsBefore: new Map(),
  headsAfter: new Map(),
  classes: new Map(),
  sets: new Map(),
  undoable: true,
  moves: false,
};

/** The passage from the policy in `before` to that in `after`, whose heads differ. */
export function transition(before: Entries, after: Entries): Transition {
  const heads = {
    before: headsOf(columnsAt(before, 'plumb_heads')),
    after: headsOf(columnsAt(after, 'plumb_heads')),
  };
  const sets = moveSets(before, after, heads);
  const classes = moveClasses(before, after, heads);
  const late = [...sets.moves, ...classes.moves].some(({ to, via }) => via !== to);
  return {
    refs: classes.refs,
    headsBefore: sets.headsBefore,
    headsAfter: sets.headsAfter,
    classes: classes.byIdentity,
    sets: new Map(sets.moves.map((move) => [pairKey(move), move.via])),
    undoable: !late,
    moves: sets.moves.length + classes.moves.length > 0,
  };
}

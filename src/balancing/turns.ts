import type { TargetTable } from "../state/target_table.ts";

/**
 * Whose turn it is, one circle for each group. Algorithms ask through this and not the table itself, so that the same code
 * can choose for real, ask what it would choose, or choose again after a failure.
 */
export interface Turns {
  /** Takes the next turn of a circle of `length`. */
  nextTurn(cursor: number, length: number): number;
  /** Where the circle of `length` stands; at or beyond `length`, where the circle was longer before, means 0. */
  turnAt(cursor: number, length: number): number;
  /** Moves the circle on; false where another thread moved it since `turnAt` said `seen`. */
  moveTurn(cursor: number, seen: number, next: number): boolean;
}

/** Makes turns that are looked at and never taken: what the next request would get. */
export function peekedTurns(table: TargetTable): Turns {
  return {
    nextTurn(cursor, length) {
      const turn = table.turnAt(cursor);
      return turn < length ? turn : 0;
    },
    turnAt: (cursor) => table.turnAt(cursor),
    moveTurn: () => true,
  };
}

/**
 * Makes turns drawn by lot, for attempts after the first: the shared circle is for first choices (so that it stays exact),
 * and taking simply the next in it would put the whole share of a dead target on its neighbour.
 */
export function drawnTurns(random: () => number): Turns {
  const draw = (_cursor: number, length: number) => Math.floor(random() * length);
  return { nextTurn: draw, turnAt: draw, moveTurn: () => true };
}

import type { TargetTable } from "../state/target_table.ts";

/**
 * Whose turn it is, one circle for each group. Algorithms use this instead of the table, so that the same code can
 * choose, show what it would choose, or choose again after a failure.
 */
export interface Turns {
  /** Takes the next turn of a circle of `length`. */
  nextTurn(cursor: number, length: number): number;
  /**
   * The present turn of a cycle of `length`; if it is not below `length`, because the cycle was longer before, it means
   * 0.
   */
  turnAt(cursor: number, length: number): number;
  /** Moves the circle on; false if another thread moved it since `turnAt` said `seen`. */
  moveTurn(cursor: number, seen: number, next: number): boolean;
}

/** Makes turns that show what the next request would get, without taking it. */
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
 * Makes random turns, for attempts after the first. The shared circle is for first choices only, so that it stays
 * exact; and the next turn in it would put the whole share of a dead target on its neighbour.
 */
export function drawnTurns(random: () => number): Turns {
  const draw = (_cursor: number, length: number) => Math.floor(random() * length);
  return { nextTurn: draw, turnAt: draw, moveTurn: () => true };
}

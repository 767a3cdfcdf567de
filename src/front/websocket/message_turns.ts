import { nextTurn } from "../../time/clock.ts";

/** Messages that one direction of one tunnel may pass on in a turn of the event loop. */
const SHARE = 4;
/**
 * Messages of all tunnels of a thread in one turn: beyond that, each direction passes on one. A message costs up to 40
 * us, and a request needs some ten turns.
 */
const FULL = 16;

/**
 * Counts the messages that a thread's tunnels pass on in one turn of its event loop. A socket may bring thousands of
 * tiny messages at once, and while they are passed on no other client is served. So each turn has a limit, and the rest
 * waits for the next.
 */
export class MessageTurns {
  readonly #later: (run: () => void) => void;
  #turn = 0;
  #used = 0;
  #asked = false;
  #waiting: (() => void)[] = [];

  /** `later` calls back in the next turn. */
  constructor(later: (run: () => void) => void = nextTurn) {
    this.#later = later;
  }

  /** A number that changes with each turn in which a message was passed on. */
  get turn(): number {
    return this.#turn;
  }

  /** Whether the thread has passed on enough in this turn. */
  get isFull(): boolean {
    return this.#used >= FULL;
  }

  /** Counts a message that was passed on. */
  spend(): void {
    this.#used++;
    this.#ask();
  }

  /** Calls `run` in the next turn. */
  next(run: () => void): void {
    this.#waiting.push(run);
    this.#ask();
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#later(this.#renew);
  }

  readonly #renew = (): void => {
    this.#turn++;
    this.#used = 0;
    this.#asked = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) run();
  };
}

/** One direction's share of its thread's turns. */
export class TurnShare {
  readonly #turns: MessageTurns;
  readonly #goOn: () => void;
  #turn = -1;
  #used = 0;
  #over = false;

  /** `goOn` is called in the turn after the share was spent. */
  constructor(turns: MessageTurns, goOn: () => void) {
    this.#turns = turns;
    this.#goOn = goOn;
  }

  /** True from when the share is spent until the next turn: nothing may be read. */
  get isSpent(): boolean {
    return this.#over;
  }

  /** Counts a message that is passed on; returns false if it is the last one in this turn. */
  spend(): boolean {
    const turns = this.#turns;
    if (this.#turn !== turns.turn) {
      this.#turn = turns.turn;
      this.#used = 0;
    }
    turns.spend();
    if (++this.#used < SHARE && !turns.isFull) return true;
    if (!this.#over) {
      this.#over = true;
      turns.next(this.#renew);
    }
    return false;
  }

  readonly #renew = (): void => {
    this.#over = false;
    this.#goOn();
  };
}

import { nextTurn } from "../../time/clock.ts";

/** Messages that one direction of one tunnel may pass on in a turn of the event loop. */
const SHARE = 4;
/**
 * Messages of all tunnels of a thread in one turn: beyond them each direction has one. One costs up to 40 us, and a
 * request needs some ten turns.
 */
const FULL = 16;

/**
 * Counts the messages that a thread's tunnels pass on in one turn of its event loop. A socket full of tiny messages
 * brings thousands of them at once, and while they are passed on nobody else is served: so many a turn, and the rest in
 * the next.
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

  /** Changes with each turn in which a message was passed on. */
  get turn(): number {
    return this.#turn;
  }

  /** True where the thread has passed on enough in this turn. */
  get isFull(): boolean {
    return this.#used >= FULL;
  }

  /** A message was passed on. */
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

/** One direction's part in the turns of its thread. */
export class TurnShare {
  readonly #turns: MessageTurns;
  readonly #goOn: () => void;
  #turn = -1;
  #used = 0;
  #over = false;

  /** `goOn` is called when the turn is over in which the share was spent. */
  constructor(turns: MessageTurns, goOn: () => void) {
    this.#turns = turns;
    this.#goOn = goOn;
  }

  /** True from when the share is spent until the next turn: nothing may be read. */
  get isSpent(): boolean {
    return this.#over;
  }

  /** A message is passed on; false where it is the last one in this turn. */
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

import { nextTurn } from "../../time/clock.ts";

/**
 * What all bodies and tunnels of a thread may pass on in one turn of its event loop: a piece counts 1, and 1 more for
 * each 16 KiB.
 */
const FULL = 32;
const UNIT_SHIFT = 14;
/**
 * Those that go on in a turn, of those that waited for it: each may bring 64 KiB, which takes some 60 us to read and
 * write.
 */
const GO_ON = 4;

/**
 * Has the bodies and tunnels of a thread pass on so much in a turn of its event loop, and the rest in the next ones. A
 * peer that floods its tunnel, or sends a large body, always has more to read, and the runtime lets so many operations
 * succeed in a turn: without this, such peers take all of them, and others wait for half a second behind eight floods,
 * and for four behind two hundred large responses.
 */
export class PieceTurns {
  readonly #later: (run: () => void) => void;
  #used = 0;
  #asked = false;
  /** Those that wait, in the order in which they came. */
  #waiting: (() => void)[] = [];

  /** `later` calls back in the next turn. */
  constructor(later: (run: () => void) => void = nextTurn) {
    this.#later = later;
  }

  /** A piece was passed on. Returns what to wait for before the next one; null if there is time in this turn. */
  spend(bytes: number): Promise<void> | null {
    this.#used += 1 + (bytes >> UNIT_SHIFT);
    if (this.#used < FULL / 2) return null;
    this.#ask();
    if (this.#used < FULL) return null;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#later(this.#renew);
  }

  readonly #renew = (): void => {
    this.#asked = false;
    this.#used = 0;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    const now = waiting.splice(0, GO_ON);
    if (waiting.length > 0) this.#ask();
    for (const goOn of now) goOn();
  };
}

import type { Decision } from "../../views/decision.ts";
import type { Clock } from "../../time/clock.ts";
import { withTimeout } from "../../time/with_timeout.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** Longest wait for workers that are asked for their decisions. */
const DECISIONS_MS = 1000;

/** Asks every worker for the decisions that it keeps, and puts the answers together. */
export class DecisionQuestions {
  readonly #pool: WorkerPool;
  readonly #clock: Clock;
  readonly #open = new Map<number, (decisions: readonly Decision[]) => void>();
  #lastId = 0;

  constructor(pool: WorkerPool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /** Asks; resolves when all have answered, or after a second, with the newest decisions first. */
  async ask(): Promise<readonly Decision[]> {
    const id = ++this.#lastId;
    const found: Decision[] = [];
    let missing = this.#pool.alive;
    if (missing > 0) {
      const all = Promise.withResolvers<void>();
      this.#open.set(id, (decisions) => {
        for (const decision of decisions) found.push(decision);
        if (--missing === 0) all.resolve();
      });
      this.#pool.broadcast({ type: "decisions_wanted", id });
      using timeout = withTimeout(this.#clock, DECISIONS_MS);
      await timeout.race(all.promise);
      this.#open.delete(id);
    }
    return found.sort((a, b) => b.timeMs - a.timeMs);
  }

  /** Takes a worker's answer; one that comes too late is dropped. */
  answer(id: number, decisions: readonly Decision[]): void {
    this.#open.get(id)?.(decisions);
  }
}

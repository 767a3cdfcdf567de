import type { Decision } from "../../views/decision.ts";
import type { Clock } from "../../time/clock.ts";
import { withTimeout } from "../../time/with_timeout.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** Longest wait for the workers' decisions. */
const DECISIONS_MS = 1000;

/** Asks every worker for its decisions, and merges the answers. */
export class DecisionQuestions {
  readonly #pool: WorkerPool;
  readonly #clock: Clock;
  readonly #open = new Map<number, (decisions: readonly Decision[]) => void>();
  #lastId = 0;

  constructor(pool: WorkerPool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /** Resolves with the decisions, newest first, when all workers have answered or after a second. */
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

  /** Takes a worker's answer; ignores it if it comes too late. */
  answer(id: number, decisions: readonly Decision[]): void {
    this.#open.get(id)?.(decisions);
  }
}

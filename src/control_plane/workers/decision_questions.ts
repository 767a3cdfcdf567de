import type { Decision } from "../../views/decision.ts";
import { type Clock, delay } from "../../time/clock.ts";
import { withTimeout } from "../../time/with_timeout.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** Longest wait for the workers' decisions. */
const DECISIONS_MS = 1000;
/** From the beginning of a question to that of the next one. */
const PAUSE_MS = 100;

/**
 * Asks every worker for its decisions, and merges the answers. A worker takes some 10 ms to describe a thousand, and
 * its clients wait for that: so there are ten questions a second at most, and all who ask between two share the next
 * one, whose answer has all that had ended when they asked.
 */
export class DecisionQuestions {
  readonly #pool: Pick<WorkerPool, "alive" | "broadcast">;
  readonly #clock: Clock;
  readonly #open = new Map<number, (decisions: readonly Decision[]) => void>();
  #lastId = 0;
  #asking: Promise<readonly Decision[]> | null = null;
  #next: Promise<readonly Decision[]> | null = null;
  #askedMs = -Infinity;

  constructor(pool: Pick<WorkerPool, "alive" | "broadcast">, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /** Resolves with the decisions, newest first, when all workers have answered or after a second. */
  ask(): Promise<readonly Decision[]> {
    if (this.#next === null && this.#asking === null && this.#pauseMs <= 0) return this.#begin();
    return this.#next ??= this.#askNext();
  }

  /** Until the next question may begin. */
  get #pauseMs(): number {
    return this.#askedMs + PAUSE_MS - this.#clock.monotonicMs();
  }

  async #askNext(): Promise<readonly Decision[]> {
    await this.#asking;
    await delay(this.#clock, Math.max(0, this.#pauseMs));
    this.#next = null;
    return await this.#begin();
  }

  #begin(): Promise<readonly Decision[]> {
    this.#askedMs = this.#clock.monotonicMs();
    return this.#asking = this.#askWorkers().finally(() => this.#asking = null);
  }

  async #askWorkers(): Promise<readonly Decision[]> {
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

import { type Clock, systemClock } from "../time/clock.ts";
import type { Exchange } from "./exchange.ts";
import { runRound } from "./load_round.ts";
import { LoadTally, type TallySummary } from "./load_tally.ts";

/** What is run: every level of concurrency, every round of it. */
export interface LoadPlan {
  /** Requests of one round of one level. */
  readonly total: number;
  readonly concurrency: readonly number[];
  readonly rounds: number;
  readonly timeoutMs: number;
  /** Requests per second (open loop); null sends as fast as the answers come. */
  readonly rate: number | null;
  /** Requests before each level that are not counted; they also end after a second. */
  readonly warmup: number;
}

/** One round of a level. */
export interface RoundReport extends TallySummary {
  readonly round: number;
}

/** One level, all its rounds together. */
export interface LevelReport extends TallySummary {
  readonly concurrency: number;
  readonly rounds: readonly RoundReport[];
}

/** What a load test came to. */
export interface LoadReport {
  readonly levels: readonly LevelReport[];
  /** The concurrency of the first level with errors: the target's capacity lies below. Null if there was none. */
  readonly firstLevelWithErrors: number | null;
  /** The test was ended before its plan was done. */
  readonly interrupted: boolean;
}

/** Where a test stands. */
export interface LoadProgress {
  readonly concurrency: number;
  /** From 1. */
  readonly round: number;
  /** Finished requests of this round. */
  readonly finished: number;
  /** Finished rounds of all levels, and all that the plan has. */
  readonly roundsDone: number;
  readonly roundsPlanned: number;
}

/** What a load test needs from outside. */
export interface LoadContext {
  readonly openExchange: () => Exchange;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  /** Called a few times a second. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

const PROGRESS_MS = 100;
const WARMUP_MS = 1000;

/** Runs the plan, level after level, and reports what was measured until its end or the signal. */
export async function runLoadTest(plan: LoadPlan, context: LoadContext): Promise<LoadReport> {
  const levels: LevelReport[] = [];
  for (const [index, concurrency] of plan.concurrency.entries()) {
    if (context.signal.aborted) break;
    const level = await runLevel(concurrency, index * plan.rounds, plan, context);
    if (level !== null) levels.push(level);
  }
  return {
    levels,
    firstLevelWithErrors: levels.find((level) => level.errors > 0)?.concurrency ?? null,
    interrupted: context.signal.aborted,
  };
}

/** Null if nothing was measured. */
async function runLevel(
  concurrency: number,
  roundsBefore: number,
  plan: LoadPlan,
  context: LoadContext,
): Promise<LevelReport | null> {
  const { signal, clock = systemClock, openExchange } = context;
  const whole = new LoadTally();
  const rounds: RoundReport[] = [];
  const exchanges = Array.from({ length: concurrency }, openExchange);
  try {
    // One that can't connect tries again with its first request, and is counted then.
    await Promise.allSettled(exchanges.map((exchange) => exchange.open()));
    if (plan.warmup > 0) {
      const warmup = { requests: plan.warmup, timeoutMs: plan.timeoutMs, rate: null, stopAfterMs: WARMUP_MS };
      await runRound(exchanges, warmup, { clock, signal, tally: new LoadTally() });
    }
    for (let round = 1; round <= plan.rounds && !signal.aborted; round++) {
      const tally = new LoadTally();
      const stopProgress = clock.every(PROGRESS_MS, () =>
        context.onProgress?.({
          concurrency,
          round,
          finished: tally.finished,
          roundsDone: roundsBefore + round - 1,
          roundsPlanned: plan.concurrency.length * plan.rounds,
        }));
      await runRound(exchanges, { requests: plan.total, timeoutMs: plan.timeoutMs, rate: plan.rate }, {
        clock,
        signal,
        tally,
      }).finally(stopProgress);
      if (tally.finished === 0) continue;
      rounds.push({ round, ...tally.summary() });
      whole.add(tally);
    }
  } finally {
    for (const exchange of exchanges) exchange.close();
  }
  return rounds.length === 0 ? null : { concurrency, ...whole.summary(), rounds };
}

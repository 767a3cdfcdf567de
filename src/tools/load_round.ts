import { setImmediate } from "node:timers";
import { type Clock, delay } from "../time/clock.ts";
import { classify, type Exchange } from "./exchange.ts";
import type { LoadTally } from "./load_tally.ts";

/** One go at a level. */
export interface RoundPlan {
  readonly requests: number;
  readonly timeoutMs: number;
  /** Requests per second, whatever the answers do; null: the next request follows the last answer. */
  readonly rate: number | null;
  /** Nothing new is sent after this long. */
  readonly stopAfterMs?: number;
}

/** What a round needs from outside. */
export interface RoundContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tally: LoadTally;
}

/** An exchange and what its deadline needs. */
interface Lane {
  readonly exchange: Exchange;
  /** When the request that is running was sent; 0 while idle. */
  sentMs: number;
  timedOut: boolean;
}

/** A timer's resolution: waits that are shorter are passed by turning the event loop. */
const TIMER_MS = 2;

/** Sends the requests of a round over these exchanges, as many at once as there are, and counts what comes of them. */
export async function runRound(exchanges: readonly Exchange[], plan: RoundPlan, context: RoundContext): Promise<void> {
  const { clock, signal, tally } = context;
  const lanes = exchanges.map((exchange): Lane => ({ exchange, sentMs: 0, timedOut: false }));
  const abortAll = () => lanes.forEach((lane) => lane.exchange.abort());
  signal.addEventListener("abort", abortAll);
  const stopWatching = watchDeadlines(lanes, plan.timeoutMs, clock);
  const begun = clock.monotonicMs();
  try {
    if (plan.rate === null) await runClosedLoop(lanes, plan, context);
    else await runOpenLoop(lanes, plan, { ...context, rate: plan.rate });
  } finally {
    tally.took((clock.monotonicMs() - begun) / 1000);
    stopWatching();
    signal.removeEventListener("abort", abortAll);
  }
}

/** Closed loop: each lane sends its next request when it has the answer to the last. */
async function runClosedLoop(lanes: readonly Lane[], plan: RoundPlan, context: RoundContext): Promise<void> {
  const { clock, signal } = context;
  const lastStart = clock.monotonicMs() + (plan.stopAfterMs ?? Infinity);
  let left = plan.requests;
  await Promise.all(lanes.map(async (lane) => {
    let now = clock.monotonicMs();
    while (left > 0 && now <= lastStart && !signal.aborted) {
      left--;
      now = await send(lane, now, now, context);
    }
  }));
}

/**
 * Open loop: requests are due at fixed times, and a latency counts from when its request was due, even if no lane was
 * free then. A target that stalls thus can't hide the requests that its stall kept from being sent (coordinated
 * omission, Gil Tene).
 */
async function runOpenLoop(
  lanes: readonly Lane[],
  plan: RoundPlan,
  context: RoundContext & { readonly rate: number },
): Promise<void> {
  const { clock, signal, rate } = context;
  const begun = clock.monotonicMs();
  const idle = [...lanes];
  const overdue: number[] = [];
  let firstOverdue = 0;
  let running = 0;
  const { promise: drained, resolve: drain } = Promise.withResolvers<void>();
  let allDue = false;

  async function serve(lane: Lane, dueMs: number): Promise<void> {
    running++;
    let now = await send(lane, dueMs, clock.monotonicMs(), context);
    while (firstOverdue < overdue.length && !signal.aborted) {
      now = await send(lane, overdue[firstOverdue++]!, now, context);
    }
    running--;
    idle.push(lane);
    if (allDue && running === 0) drain();
  }

  for (let i = 0; i < plan.requests && !signal.aborted; i++) {
    const dueMs = begun + i * 1000 / rate;
    await until(clock, dueMs, signal);
    if (signal.aborted) break;
    const lane = idle.pop();
    if (lane === undefined) overdue.push(dueMs);
    else serve(lane, dueMs);
  }
  allDue = true;
  if (running > 0) await drained;
}

/** Sends one request and returns when it ended; its latency counts from `fromMs`, its deadline from `sentMs`. */
async function send(lane: Lane, fromMs: number, sentMs: number, context: RoundContext): Promise<number> {
  const { clock, signal, tally } = context;
  const { exchange } = lane;
  lane.sentMs = sentMs;
  lane.timedOut = false;
  try {
    await exchange.run();
    const endMs = clock.monotonicMs();
    tally.answered(exchange.status, exchange.servedBy, endMs - fromMs);
    return endMs;
  } catch (error) {
    // What was cut off by the end of the test is neither good nor bad.
    if (lane.timedOut) tally.failed("timeout");
    else if (!signal.aborted) tally.failed(classify(error));
    return clock.monotonicMs();
  } finally {
    lane.sentMs = 0;
  }
}

/** One timer for all lanes: a timer for each request would cost more than the request. A deadline is met within 5 %. */
function watchDeadlines(lanes: readonly Lane[], timeoutMs: number, clock: Clock): () => void {
  const periodMs = Math.min(250, Math.max(1, timeoutMs / 20));
  return clock.every(periodMs, () => {
    const latest = clock.monotonicMs() - timeoutMs;
    for (const lane of lanes) {
      if (lane.sentMs === 0 || lane.sentMs > latest || lane.timedOut) continue;
      lane.timedOut = true;
      lane.exchange.abort();
    }
  });
}

/** Waits until a point in time, finer than a timer can. */
async function until(clock: Clock, dueMs: number, signal: AbortSignal): Promise<void> {
  let left = dueMs - clock.monotonicMs();
  while (left > 0 && !signal.aborted) {
    if (left > TIMER_MS) await delay(clock, Math.min(left - TIMER_MS, 100));
    else await new Promise<void>((resolve) => setImmediate(resolve));
    left = dueMs - clock.monotonicMs();
  }
}

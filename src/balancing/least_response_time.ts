import { LATENCY_TIME_CONSTANT_MS } from "../state/target_table.ts";
import { type Algorithm, type CandidateList, type LiveNumbers, wasTried } from "./algorithm.ts";

/** A live sample older than this is too old to use, and the target gets a trial request. */
const SAMPLE_LIFE_MS = LATENCY_TIME_CONSTANT_MS;

/** A target whose last connection failed still gets a trial request, on average once in this many choices. */
const FAILED_TRIAL_ODDS = 16;

/** Lower than every score, so the target is chosen. */
const TRIAL = -1;

/**
 * Lowest product of requests in flight (before this one) and average TTFB in microseconds. Ties: lower average, then
 * round robin, as the first among equals after the one chosen last.
 *
 * A target without a live sample in the last 10 s is chosen first, so that one slow response does not starve it
 * forever, but only while it has nothing in flight: one trial at a time, or every request of a burst would go to it.
 * During its trial its score uses the average that it had, or its probes' average, or else the mean of the others.
 *
 * A target whose last connections failed never responds, so it would look idle and unmeasured forever. It therefore
 * gets a trial only now and then, and its failures count as if they were in flight.
 *
 * O(n): one pass over compact arrays, about 5 us at 1000 targets; both factors change with every request, of any
 * thread, so no order could be kept.
 */
export const leastResponseTime: Algorithm = {
  name: "LRT",
  aliases: ["LEAST_RESPONSE_TIME"],
  choice: "it has the lowest product of requests in flight and average TTFB; equal targets take turns",
  create({ cursor }, { random, nowMs }) {
    return (candidates) => {
      const { count, slots, table, turns } = candidates;
      const { inFlight, consecutiveFailures, ttfbAtMs } = table;
      const freshFromMs = nowMs() - SAMPLE_LIFE_MS;
      let mean = -1;
      for (;;) {
        const seen = turns.turnAt(cursor, count);
        let index = seen < count ? seen : 0;
        let best = index;
        let lowest = Infinity;
        let lowestAverage = Infinity;
        for (let looked = 0; looked < count; looked++) {
          const slot = slots[index]!;
          const failures = consecutiveFailures[slot]!;
          const load = inFlight[slot]!;
          let score = TRIAL;
          let average = TRIAL;
          if (
            load !== 0 || isFresh(ttfbAtMs[slot]!, freshFromMs) ||
            (failures !== 0 && random() * FAILED_TRIAL_ODDS >= 1)
          ) {
            average = knownAverage(table, slot);
            if (average === 0) average = mean = mean >= 0 ? mean : meanAverage(candidates);
            score = (load + failures) * average;
          }
          const better = score < lowest || (score === lowest && average < lowestAverage);
          if (better && !wasTried(candidates, index)) {
            lowest = score;
            lowestAverage = average;
            best = index;
          }
          if (++index === count) index = 0;
        }
        if (turns.moveTurn(cursor, seen, best + 1)) return best;
      }
    };
  },
  score(candidates, index, { nowMs }) {
    const { slots, table } = candidates;
    const slot = slots[index]!;
    const load = table.inFlight[slot]!;
    const failures = table.consecutiveFailures[slot]!;
    const live = table.ttfbAtMs[slot]! > 0;
    const known = knownAverage(table, slot);
    const from = live ? "" : known > 0 ? " (probes)" : " (mean of the others)";
    const average = Math.round(known > 0 ? known : meanAverage(candidates));
    const trial = load === 0 && !isFresh(table.ttfbAtMs[slot]!, nowMs - SAMPLE_LIFE_MS);
    const loadText = `in flight ${load}${failures > 0 ? ` + ${failures} failed` : ""} x ${average} us${from}`;
    return trial ? `${loadText}, no sample for 10 s: ${failures > 0 ? "now and then first" : "first"}` : loadText;
  },
};

function isFresh(sampleAtMs: number, freshFromMs: number): boolean {
  return sampleAtMs > 0 && sampleAtMs >= freshFromMs;
}

/**
 * The live average, else that of the probes, at least 1 us (a score of 0 would hide the load); 0 without any sample.
 */
function knownAverage({ ttfbAtMs, ttfbMicros, probeMicros }: LiveNumbers, slot: number): number {
  const micros = ttfbAtMs[slot]! > 0 ? ttfbMicros[slot]! : probeMicros[slot]!;
  if (micros >= 1) return micros;
  return ttfbAtMs[slot]! > 0 || micros > 0 ? 1 : 0;
}

/** The mean over the candidates with samples; 1 if there are none, so that the fewest in flight win. */
function meanAverage({ count, slots, table }: CandidateList): number {
  let sum = 0;
  let known = 0;
  for (let index = 0; index < count; index++) {
    const average = knownAverage(table, slots[index]!);
    if (average === 0) continue;
    sum += average;
    known++;
  }
  return known === 0 ? 1 : sum / known;
}

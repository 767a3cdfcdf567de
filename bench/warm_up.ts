/** The longest warm-up, however slow the contender; the note below the table says how far the slowest row came. */
export const LONGEST_WARM_UP_SECONDS = 60;

/** Short, so that a fast proxy is not loaded for much longer than it needs. */
const SLICE_SECONDS = 1;

/** The load generator's own start and end, for each time that it runs. */
export const START_SECONDS = 0.1;

/** What most proxies answer on a slow machine; only for saying beforehand how long it takes. */
export const USUAL_PER_SECOND = 10_000;

/** What a warm-up came to. */
export interface WarmUp {
  readonly requests: number;
  readonly seconds: number;
  readonly errors: number;
}

/**
 * Loads a proxy, slice after slice, until it has answered so many requests: V8 compiles what runs often, so requests
 * and not seconds decide how much of it is compiled. A goal of 0 (what was compiled beforehand) is one slice.
 */
export async function warmUp(
  goal: number,
  load: (seconds: number) => Promise<{ readonly requests: number; readonly errors: number }>,
): Promise<WarmUp> {
  let [requests, seconds, errors] = [0, 0, 0];
  do {
    const slice = await load(SLICE_SECONDS);
    requests += slice.requests;
    errors += slice.errors;
    seconds += SLICE_SECONDS;
  } while (requests < goal && seconds < LONGEST_WARM_UP_SECONDS);
  return { requests, seconds, errors };
}

/** About how long a warm-up of so many requests takes. */
export function expectedWarmUpSeconds(goal: number, perSecond = USUAL_PER_SECOND): number {
  const most = LONGEST_WARM_UP_SECONDS / SLICE_SECONDS;
  const slices = Math.min(most, Math.max(1, Math.ceil(goal / perSecond / SLICE_SECONDS)));
  return slices * (SLICE_SECONDS + START_SECONDS);
}

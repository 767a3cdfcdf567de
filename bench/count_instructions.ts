import { tempDir } from "../tests/support/temp_dir.ts";
import { pause } from "../tests/support/poll.ts";
import { Callgrind, underCallgrind } from "./callgrind.ts";
import type { Contender } from "./contender.ts";
import type { BenchTarget } from "./target.ts";
import { runWrk } from "./wrk.ts";

/** A contender whose instructions are counted. */
export interface Counted {
  /** As it is called on the command line. */
  readonly name: string;
  readonly contender: Contender;
  readonly targets: number;
  readonly path: string;
  /** The name of the one that its ratio is to. */
  readonly base: string;
}

/** Load for so long, and then until there were so many requests: on a busy machine the same time means less. */
export interface Stretch {
  readonly seconds: number;
  readonly requests: number;
}

/** How much of what. */
export interface CountPace {
  /** Load without counting, until V8's compilers are through. */
  readonly warmUp: Stretch;
  /** Load with counting that is thrown away: valgrind translates all code anew. */
  readonly settle: Stretch;
  readonly windows: number;
  readonly window: Stretch;
  /** Of the load while it is counted; few, so that a request takes little longer than it does without valgrind. */
  readonly connections: number;
}

/** One window. */
export interface CountedWindow {
  readonly requests: number;
  readonly instructions: number;
  /** How long it took. */
  readonly seconds: number;
}

/** What was counted. */
export interface CountResult {
  readonly name: string;
  readonly title: string;
  readonly base: string;
  readonly warmUpRequests: number;
  readonly windows: readonly CountedWindow[];
  /** Instructions per second without any request, after the last window: timers, statistics, garbage. */
  readonly atRestPerSecond: number;
  /** Answers that were no 2xx or 3xx, and broken connections, from the warm-up on. */
  readonly errors: number;
}

const BURST_SECONDS = 5;
/** A stretch that has not got its requests after so many times its seconds is over. */
const MOST_TIMES = 4;
const REST_SECONDS = 10;
const WARM_UP_CONNECTIONS = 16;
const TIMEOUT_SECONDS = 20;

/** Starts a contender under callgrind, warms it up, and counts its instructions in some windows under load. */
export async function countInstructions(
  counted: Counted,
  options: { target: BenchTarget; pace: CountPace; say: (line: string) => void },
): Promise<CountResult> {
  const { target, pace, say } = options;
  const { name, contender, path, base } = counted;
  await using dir = await tempDir();
  await using running = await contender.start({
    targets: target.addresses.slice(0, counted.targets),
    ...underCallgrind(dir.path),
  });
  let errors = 0;
  const load = async ({ seconds, requests }: Stretch, connections: number): Promise<number> => {
    const shape = { connections, path, timeoutSeconds: TIMEOUT_SECONDS };
    let [spent, done] = [0, 0];
    while (spent < seconds || (done < requests && spent < seconds * MOST_TIMES)) {
      const result = await runWrk(running.url, shape, Math.min(BURST_SECONDS, seconds));
      spent += Math.min(BURST_SECONDS, seconds);
      done += result.requests;
      errors += result.errors;
      if (result.errors > 0) say(`${name}: ${result.errorText}`);
    }
    return done;
  };
  const warmUpRequests = await load(pace.warmUp, WARM_UP_CONNECTIONS);
  say(`${name}: warmed up by ${warmUpRequests} requests`);
  const callgrind = new Callgrind(dir.path, running.process.pid);
  await callgrind.start();
  await load(pace.settle, pace.connections);
  await callgrind.zero();
  let since = performance.now();
  const take = async (requests: number): Promise<CountedWindow> => {
    const seconds = (performance.now() - since) / 1000;
    const instructions = await callgrind.take();
    since = performance.now();
    return { requests, instructions, seconds };
  };
  const windows: CountedWindow[] = [];
  while (windows.length < pace.windows) {
    const window = await take(await load(pace.window, pace.connections));
    const { requests, instructions } = window;
    if (requests === 0) throw new Error(`${name} answered nothing: ${running.process.stderr().trim()}`);
    windows.push(window);
    say(`${name} ${windows.length}/${pace.windows}: ${Math.round(instructions / requests)} for each of ${requests}`);
  }
  await pause(REST_SECONDS * 1000);
  const rest = await take(0);
  const atRestPerSecond = rest.instructions / rest.seconds;
  say(`${name} at rest: ${Math.round(atRestPerSecond)} a second`);
  return { name, title: contender.name, base, warmUpRequests, windows, atRestPerSecond, errors };
}

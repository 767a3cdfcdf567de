import { tempDir } from "../tests/support/temp_dir.ts";
import { Callgrind, underCallgrind } from "./callgrind.ts";
import type { Contender } from "./contender.ts";
import type { BenchTarget } from "./target.ts";
import { type LoadResult, type LoadShape, runWrk } from "./wrk.ts";

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

/** How long what is. */
export interface CountPace {
  /** Load without counting, until V8's compilers are through: so many seconds, or so many requests if those come first. */
  readonly warmUpSeconds: number;
  readonly warmUpRequests: number;
  /** Load with counting that is thrown away. */
  readonly settleSeconds: number;
  readonly windows: number;
  /** Length of a window. */
  readonly seconds: number;
}

/** One window. */
export interface CountedWindow {
  readonly requests: number;
  readonly instructions: number;
}

/** What was counted. */
export interface CountResult {
  readonly name: string;
  readonly title: string;
  readonly base: string;
  readonly warmUpRequests: number;
  readonly windows: readonly CountedWindow[];
  /** Answers that were no 2xx or 3xx, and broken connections, from the warm-up on. */
  readonly errors: number;
}

const WARM_UP_BURST_SECONDS = 10;
const LOAD = { connections: 16, timeoutSeconds: 20 };

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
  const shape: LoadShape = { ...LOAD, path };
  let errors = 0;
  const load = async (seconds: number): Promise<LoadResult> => {
    const result = await runWrk(running.url, shape, seconds);
    errors += result.errors;
    if (result.errors > 0) say(`${name}: ${result.errorText}`);
    return result;
  };
  let warmUpRequests = 0;
  for (let left = pace.warmUpSeconds; left > 0 && warmUpRequests < pace.warmUpRequests; left -= WARM_UP_BURST_SECONDS) {
    warmUpRequests += (await load(Math.min(left, WARM_UP_BURST_SECONDS))).requests;
  }
  say(`${name}: warmed up by ${warmUpRequests} requests`);
  const callgrind = new Callgrind(dir.path, running.process.pid);
  await callgrind.start();
  await load(pace.settleSeconds);
  await callgrind.zero();
  const windows: CountedWindow[] = [];
  while (windows.length < pace.windows) {
    const { requests } = await load(pace.seconds);
    const instructions = await callgrind.take();
    if (requests === 0) throw new Error(`${name} answered nothing: ${running.process.stderr().trim()}`);
    windows.push({ requests, instructions });
    say(`${name} ${windows.length}/${pace.windows}: ${Math.round(instructions / requests)} for each of ${requests}`);
  }
  return { name, title: contender.name, base, warmUpRequests, windows, errors };
}

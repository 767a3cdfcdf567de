import assert from "node:assert/strict";
import { groupEnvironment, numberedGroup } from "../mock_group.ts";
import { until } from "../poll.ts";
import { type SluiceProcess, startSluice } from "../sluice_process.ts";
import type { Window } from "./other_clients.ts";
import { programOf, Remote } from "./remote.ts";
import type { SlowOptions } from "./slow_clients.ts";

const WINDOW_MS = 500;

/** How the requests went that were sent beside slow clients, and at the same time without them. */
export interface Beside {
  /** Requests per second beside them, of those without: the median of the pairs. */
  readonly ratio: number;
  readonly pairs: number;
  readonly p99Ms: number;
  readonly aloneP99Ms: number;
}

/**
 * Two programs with sluice's own engine, of which slow clients ask one. Those, the others and the target of each are
 * processes of their own: only sluice has both.
 */
export class SlowStage implements AsyncDisposable {
  readonly #alone: SluiceProcess;
  readonly sluice: SluiceProcess;
  readonly #slow = new Remote(programOf("slow_clients.ts"));
  readonly #others = new Remote(programOf("other_clients.ts"));
  readonly #targets: readonly Target[];

  private constructor(alone: SluiceProcess, sluice: SluiceProcess, targets: readonly Target[]) {
    this.#alone = alone;
    this.sluice = sluice;
    this.#targets = targets;
  }

  /** Starts it; `env` goes to both beside rules and groups: `/slow` has a target of its own. */
  static async start(env: Record<string, string> = {}): Promise<SlowStage> {
    const targets = await Promise.all([startTarget(), startTarget()]);
    const [usual, slow] = targets.map(({ address }) => address) as [string, string];
    const all = groupEnvironment(usual, {
      ...numberedGroup(2, "slow", slow),
      LISTENER_ENGINE: "wire",
      UPSTREAM_TRANSPORT: "wire",
      REASON_HEADER: "true",
      ...env,
    });
    const [alone, sluice] = await Promise.all([startSluice({ env: all }), startSluice({ env: all })]);
    return new SlowStage(alone, sluice, targets);
  }

  /** Opens slow clients. */
  open(options: SlowOptions): Promise<void> {
    return this.#slow.call("open", this.sluice.port, options);
  }

  /** Has each slow client send a byte, `times` times, once in so many ms. */
  trickle(times: number, everyMs: number): Promise<void> {
    return this.#slow.call("trickle", times, everyMs);
  }

  /** How slow clients were ended so far. */
  endings(): Promise<Record<string, number>> {
    return this.#slow.call("endings");
  }

  /** Waits until all slow clients were ended; says how. */
  ended(): Promise<Record<string, number>> {
    return this.#slow.call("ended");
  }

  /** Closes all slow clients. */
  close(): Promise<void> {
    return this.#slow.call("close");
  }

  /**
   * Sends other requests as long as `work` takes, to the program with slow clients and to the one without in turns;
   * each must be served.
   */
  async beside(work: () => Promise<void>): Promise<Beside> {
    let working = true;
    const windows = (async () => {
      const ratios: number[] = [];
      const times = { alone: [] as number[], beside: [] as number[] };
      do {
        const alone = await this.#window(this.#alone);
        const beside = await this.#window(this.sluice);
        ratios.push(beside.perSecond / alone.perSecond);
        times.alone = times.alone.concat(alone.timesMs);
        times.beside = times.beside.concat(beside.timesMs);
      } while (working);
      return {
        ratio: quantile(ratios, 0.5),
        pairs: ratios.length,
        p99Ms: quantile(times.beside, 0.99),
        aloneP99Ms: quantile(times.alone, 0.99),
      };
    })();
    try {
      await Promise.race([work(), windows.then(() => {})]);
    } finally {
      working = false;
    }
    return await windows;
  }

  /** Waits until nothing is in flight, no connection to a target is at work, and none of a slow client stays. */
  async allGone(): Promise<void> {
    const { sluice } = this;
    await until(async () => {
      const { total, clients } = await sluice.settled();
      // Those of the others stay.
      return total.connections!.active === 0 && clients!.connections.active + clients!.connections.idle <= 16;
    }, "no connection to be left");
    assert.deepEqual(sluice.events.filter(({ event }) => event === "internal_error" || event === "listener_down"), []);
  }

  #window({ port }: SluiceProcess): Promise<Window> {
    return this.#others.call("window", port, WINDOW_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of [this.#slow, this.#others, this.#alone, this.sluice, ...this.#targets]) {
      await part[Symbol.asyncDispose]();
    }
  }
}

interface Target extends AsyncDisposable {
  readonly address: string;
}

async function startTarget(): Promise<Target> {
  const args = ["run", "--no-check", "--allow-net", programOf("slow_target_program.ts")];
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "null", stdout: "piped", stderr: "inherit" }).spawn();
  const reader = child.stdout.getReader();
  const port = new TextDecoder().decode((await reader.read()).value).trim();
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
    },
  };
}

function quantile(numbers: readonly number[], part: number): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length * part)]!;
}

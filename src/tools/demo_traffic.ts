import type { CancelTimer, Clock } from "../time/clock.ts";

/** How requests ended; `good` is any 2xx. */
export interface TrafficCounts {
  readonly good: number;
  readonly bad: number;
}

/** A steady trickle of requests, at a fixed rate whatever the answers do, that counts who answered. */
export class DemoTraffic {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #client = Deno.createHttpClient({});
  readonly #open = new Set<Promise<void>>();
  readonly #byTarget = new Map<string, number>();
  #good = 0;
  #bad = 0;
  #sent = 0;
  #cancel: CancelTimer = () => {};

  constructor(url: string, perSecond: number, clock: Clock) {
    this.#url = url;
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  start(): void {
    this.#cancel = this.#clock.every(1000 / this.#perSecond, () => {
      const run: Promise<void> = this.#request().finally(() => this.#open.delete(run));
      this.#open.add(run);
    });
  }

  /** Ends it; resolves when no request is open any more. */
  async stop(): Promise<void> {
    this.#cancel();
    await Promise.all(this.#open);
    this.#client.close();
  }

  counts(): TrafficCounts {
    return { good: this.#good, bad: this.#bad };
  }

  /** What came since an earlier count. */
  since(before: TrafficCounts): TrafficCounts {
    return { good: this.#good - before.good, bad: this.#bad - before.bad };
  }

  /** `80 requests so far: 80 good, 0 bad; mock-1 27, mock-2 27, mock-3 26`. */
  summary(): string {
    const shares = [...this.#byTarget].sort(([a], [b]) => a < b ? -1 : 1).map(([name, count]) => `${name} ${count}`);
    return `${this.#good + this.#bad} requests so far: ${this.#good} good, ${this.#bad} bad; ${shares.join(", ")}`;
  }

  async #request(): Promise<void> {
    try {
      const response = await fetch(`${this.#url}/hello?n=${++this.#sent}`, { client: this.#client });
      await response.body?.cancel();
      if (response.ok) this.#good++;
      else this.#bad++;
      const name = response.headers.get("x-served-by");
      if (name !== null) this.#byTarget.set(name, (this.#byTarget.get(name) ?? 0) + 1);
    } catch {
      this.#bad++;
    }
  }
}

import type { LoadError } from "./exchange.ts";
import { isGood } from "./exchange.ts";
import { LatencyHistogram, type LatencySummary } from "./latency_histogram.ts";

/** More names than this are counted together: a target that invents names must not eat the memory. */
const MAX_NAMES = 1000;

/** Errors by kind. */
export type ErrorCounts = Readonly<Record<LoadError, number>>;

/** How many of the answers one target gave. */
export interface TargetShare {
  readonly name: string;
  readonly answers: number;
  /** 0 to 1, of the answers that named a target. */
  readonly share: number;
}

/** What a round, or all rounds of a level, came to. */
export interface TallySummary {
  readonly seconds: number;
  /** Answers with a status of 200 to 399. */
  readonly ok: number;
  readonly errors: number;
  readonly errorsByKind: ErrorCounts;
  readonly statuses: Readonly<Record<string, number>>;
  /** Good answers per second. */
  readonly throughput: number;
  /** Of the good answers. */
  readonly latencyMs: LatencySummary;
  readonly targets: readonly TargetShare[];
}

/** Counts the outcomes of requests. */
export class LoadTally {
  readonly #latency = new LatencyHistogram();
  readonly #errors: Record<LoadError, number> = { timeout: 0, connect: 0, broken: 0, status: 0 };
  readonly #statuses = new Map<number, number>();
  readonly #targets = new Map<string, number>();
  #seconds = 0;

  /** Requests with an outcome, good or not. */
  get finished(): number {
    return this.#latency.count + this.errors;
  }

  get errors(): number {
    return this.#errors.timeout + this.#errors.connect + this.#errors.broken + this.#errors.status;
  }

  answered(status: number, servedBy: string | null, latencyMs: number): void {
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    if (servedBy !== null) this.#name(servedBy, 1);
    if (isGood(status)) this.#latency.record(latencyMs);
    else this.#errors.status++;
  }

  failed(error: LoadError): void {
    this.#errors[error]++;
  }

  took(seconds: number): void {
    this.#seconds += seconds;
  }

  /** Adds what another one counted, time included. */
  add(other: LoadTally): void {
    this.#latency.add(other.#latency);
    this.#seconds += other.#seconds;
    for (const kind of Object.keys(this.#errors) as LoadError[]) this.#errors[kind] += other.#errors[kind];
    for (const [status, count] of other.#statuses) {
      this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + count);
    }
    for (const [name, count] of other.#targets) this.#name(name, count);
  }

  summary(): TallySummary {
    const ok = this.#latency.count;
    let named = 0;
    for (const answers of this.#targets.values()) named += answers;
    const targets = [...this.#targets].map(([name, answers]) => ({ name, answers, share: answers / named }));
    targets.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
    return {
      seconds: this.#seconds,
      ok,
      errors: this.errors,
      errorsByKind: { ...this.#errors },
      statuses: Object.fromEntries([...this.#statuses].sort(([a], [b]) => a - b)),
      throughput: this.#seconds > 0 ? ok / this.#seconds : 0,
      latencyMs: this.#latency.summary(),
      targets,
    };
  }

  #name(name: string, count: number): void {
    const known = this.#targets.get(name);
    if (known !== undefined || this.#targets.size < MAX_NAMES) this.#targets.set(name, (known ?? 0) + count);
    else this.#targets.set("(others)", (this.#targets.get("(others)") ?? 0) + count);
  }
}

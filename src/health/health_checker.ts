import type { HealthCheckConfig } from "../config/model.ts";
import type { TargetSnapshot } from "../state/group_snapshot.ts";
import type { CancelTimer, Clock } from "../time/clock.ts";
import type { Probe } from "./probe.ts";
import type { ProbeResult } from "./probe_result.ts";

/** What a checker needs. */
export interface CheckerOptions {
  readonly config: HealthCheckConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly probe: Probe;
  /** Called with each result, unless the target is no longer watched. */
  readonly onResult: (slot: number, result: ProbeResult, startedMs: number) => void;
}

interface Watch {
  target: TargetSnapshot;
  nextProbeMs: number;
  cancelTimer: CancelTimer;
  /** Cancels the running probe; null if none is running. */
  running: AbortController | null;
}

/**
 * Probes the targets of one group independently of each other: each at once, then again and again. Two turns of a
 * target are 90 to 100 % of the interval apart, so that replicas and targets drift apart and no turn is late. A target
 * whose probe still runs skips its turn. Nothing is probed while checks are off.
 */
export class HealthChecker {
  readonly #options: CheckerOptions;
  #config: HealthCheckConfig;
  readonly #watches = new Map<number, Watch>();
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: CheckerOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  /** Starts to probe a target, or goes on with its new weight or host. */
  watch(target: TargetSnapshot): void {
    const known = this.#watches.get(target.slot);
    if (known !== undefined) {
      known.target = target;
      return;
    }
    const watch: Watch = { target, nextProbeMs: 0, cancelTimer: () => {}, running: null };
    this.#watches.set(target.slot, watch);
    this.#turn(watch);
  }

  /** Stops probing a target, and cancels a running probe. */
  unwatch(slot: number): void {
    const watch = this.#watches.get(slot);
    if (watch === undefined) return;
    this.#watches.delete(slot);
    pause(watch);
  }

  /** Applies another configuration: every target is probed with it at once. */
  configure(config: HealthCheckConfig): void {
    this.#config = config;
    for (const watch of this.#watches.values()) {
      pause(watch);
      this.#turn(watch);
    }
  }

  /** When a target is probed next (monotonic ms); null if it is not probed. */
  nextProbeMs(slot: number): number | null {
    if (!this.#config.enabled) return null;
    return this.#watches.get(slot)?.nextProbeMs ?? null;
  }

  /** Ends every timer and probe; resolves when none is left. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const slot of [...this.#watches.keys()]) this.unwatch(slot);
    await Promise.all(this.#running);
  }

  #turn(watch: Watch): void {
    if (this.#stopped || !this.#config.enabled) return;
    const { clock, random } = this.#options;
    const pauseMs = this.#config.intervalMs * (1 - random() * 0.1);
    watch.nextProbeMs = clock.monotonicMs() + pauseMs;
    watch.cancelTimer = clock.after(pauseMs, () => this.#turn(watch));
    if (watch.running !== null) return;
    const run: Promise<void> = this.#probe(watch).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  async #probe(watch: Watch): Promise<void> {
    const { clock, probe, onResult } = this.#options;
    const { target } = watch;
    const abort = watch.running = new AbortController();
    const startedMs = clock.monotonicMs();
    let result: ProbeResult;
    try {
      result = await probe(target, { config: this.#config, clock, signal: abort.signal });
    } catch (error) {
      // An exception says nothing about the target, and must not end its checks.
      result = { kind: "inconclusive", error: String(error) };
    }
    if (abort.signal.aborted) return;
    watch.running = null;
    onResult(target.slot, result, startedMs);
  }
}

function pause(watch: Watch): void {
  watch.cancelTimer();
  watch.running?.abort();
  watch.running = null;
}

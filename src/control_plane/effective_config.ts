import type { Setting } from "../config/setting.ts";
import type { Config } from "../config/model.ts";
import type { Logger } from "../logging/log.ts";
import type { Clock } from "../time/clock.ts";
import type { ReloadOutcome } from "../views/system_view.ts";
import { type ConfigWithSettings, planReload, type ReloadPlan } from "./reload.ts";

/** Most changes that a log line names. */
const MOST_CHANGES = 100;
/** Most lines that are kept of a reload. */
const MOST_OUTCOME_LINES = 10;

/** The configuration that sluice runs with, and the outcome of the last reload. */
export class EffectiveConfig {
  readonly #clock: Clock;
  readonly #log: Logger;
  #current: ConfigWithSettings;
  #lastReload: ReloadOutcome | null = null;

  constructor(first: ConfigWithSettings, { clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#current = first;
    this.#clock = clock;
    this.#log = log;
  }

  get config(): Config {
    return this.#current.config;
  }

  /** Every value with its origin. */
  get settings(): readonly Setting[] {
    return this.#current.settings;
  }

  /** Null until the first reload. */
  get lastReload(): ReloadOutcome | null {
    return this.#lastReload;
  }

  /** Replaces the configuration, except for what needs a restart. */
  replace(next: ConfigWithSettings): ReloadPlan {
    const plan = planReload(this.#current, next);
    this.#current = plan.applied;
    return plan;
  }

  /** Logs and keeps the outcome of a reload that workers now serve by, from snapshot `generation` on. */
  reportReload({ changes, waiting }: ReloadPlan, generation: number): void {
    const lines = firstOf(changes.map(({ text }) => text), MOST_CHANGES);
    this.#keep(true, lines);
    const text = lines.length === 0 ? "nothing changed" : lines.join("; ");
    this.#log.info("reloaded", `Configuration reloaded: ${text}`, { generation, changes: lines });
    for (const { variable, text } of waiting) {
      this.#log.warn("restart_needed", `${text}: takes effect at the next start`, { variable });
    }
  }

  /** Keeps the outcome of a reload that changed nothing because of `problems`, which its caller has logged. */
  reportRefusal(problems: readonly string[]): void {
    this.#keep(false, problems);
  }

  #keep(successful: boolean, lines: readonly string[]): void {
    this.#lastReload = { atMs: this.#clock.wallMs(), successful, lines: firstOf(lines, MOST_OUTCOME_LINES) };
  }
}

function firstOf(lines: readonly string[], most: number): readonly string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most), `and ${lines.length - most} more`];
}

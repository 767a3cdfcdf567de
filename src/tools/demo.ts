import type { Clock } from "../time/clock.ts";
import { withTimeout } from "../time/with_timeout.ts";
import type { DemoTarget } from "./demo_target.ts";
import { DemoTraffic } from "./demo_traffic.ts";

/** What the demo runs: a balancer in front of mock targets, and where its lines go. */
export interface DemoStage {
  readonly mocks: readonly DemoTarget[];
  /** The balancer's listener. */
  readonly url: string;
  readonly clock: Clock;
  /** What the balancer believes about a mock now. */
  stateOf(mock: DemoTarget): { readonly state: string; readonly reason: string | null };
  /** Tells the audience; a line each. */
  say(line: string): void;
  /** Ends the play early. */
  readonly signal: AbortSignal;
}

const REQUESTS_PER_SECOND = 20;
/** How long traffic runs undisturbed before the failure and after the recovery. */
const CALM_MS = 3000;
/** How long the target stays dead once it is out. */
const OUT_MS = 2000;
const LOOK_MS = 50;
/** How often the totals are printed after the failure and recovery. */
const TOTALS_MS = 10_000;

/** The demo was stopped early: not an error. */
class Interrupted extends Error {}

/**
 * Shows a failure: traffic runs, a target dies and is taken out, then it recovers. Unless `once` is set, traffic then
 * continues. Resolves when the demo is over or `signal` aborts it.
 */
export async function playDemo(stage: DemoStage, options: { readonly once: boolean }): Promise<DemoTraffic> {
  const play = new Play(stage);
  try {
    await play.story();
    if (options.once) return play.traffic;
    stage.say(
      "\nThe demo is over. Traffic continues until Ctrl+C: break something yourself, and watch the dashboard.",
    );
    for (;;) {
      await play.pause(TOTALS_MS);
      play.tell(play.traffic.summary());
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return play.traffic;
  } finally {
    await play.traffic.stop();
  }
}

class Play {
  readonly traffic: DemoTraffic;
  readonly #stage: DemoStage;
  readonly #startMs: number;

  constructor(stage: DemoStage) {
    this.#stage = stage;
    this.#startMs = stage.clock.monotonicMs();
    this.traffic = new DemoTraffic(stage.url, REQUESTS_PER_SECOND, stage.clock);
  }

  async story(): Promise<void> {
    const { mocks, clock } = this.#stage;
    const victim = mocks[1]!;
    this.tell(`Traffic starts: ${REQUESTS_PER_SECOND} requests a second, to ${mocks.length} targets in turn`);
    this.traffic.start();
    await this.pause(CALM_MS);
    this.tell(this.traffic.summary());

    await victim.die();
    const diedMs = clock.monotonicMs();
    const before = this.traffic.counts();
    this.tell(`${victim.name} dies: its port is closed, and so are its connections`);
    const out = await this.waitForState(victim, (state) => state !== "healthy" && state !== "initial");
    const meanwhile = this.traffic.since(before);
    this.tell(
      `  After ${seconds(clock.monotonicMs() - diedMs)} it is [${out.state.toUpperCase()}]: ${out.reason ?? ""}`,
    );
    this.tell(
      `  Requests meanwhile: ${meanwhile.good} good, ${meanwhile.bad} bad` +
        (meanwhile.bad === 0 ? "; sluice sent those that failed there to another target" : ""),
    );
    await this.pause(OUT_MS);
    this.tell(this.traffic.summary());

    await victim.revive();
    const healedMs = clock.monotonicMs();
    this.tell(`${victim.name} is back`);
    await this.waitForState(victim, (state) => state === "healthy");
    this.tell(
      `  After ${seconds(clock.monotonicMs() - healedMs)} it is [HEALTHY] and receives its share of requests again`,
    );
    await this.pause(CALM_MS);
    this.tell(this.traffic.summary());
  }

  /** Prints a line with the time since the demo began. */
  tell(line: string): void {
    const { say, clock } = this.#stage;
    say(`[${seconds(clock.monotonicMs() - this.#startMs).padStart(7)}] ${line}`);
  }

  async pause(ms: number): Promise<void> {
    const { clock, signal } = this.#stage;
    using timeout = withTimeout(clock, ms, signal);
    await timeout.over;
    if (signal.aborted) throw new Interrupted();
  }

  async waitForState(mock: DemoTarget, wanted: (state: string) => boolean) {
    for (;;) {
      const now = this.#stage.stateOf(mock);
      if (wanted(now.state)) return now;
      await this.pause(LOOK_MS);
    }
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

import type { DnsConfig, TargetGroupConfig } from "../../src/config/model.ts";
import { TargetRegistry } from "../../src/control_plane/membership/target_registry.ts";
import type { Probe } from "../../src/health/probe.ts";
import type { ProbeResult } from "../../src/health/probe_result.ts";
import { hostPort } from "../../src/state/group_snapshot.ts";
import type { TargetView } from "../../src/views/system_view.ts";
import { TargetTable } from "../../src/state/target_table.ts";
import { LogRecorder } from "./log_recorder.ts";
import { ManualClock } from "./manual_clock.ts";
import { pause } from "./poll.ts";
import { SAMPLE_DNS } from "./sample_group.ts";

/** A probe that says what a test wants of it. */
export const OK: ProbeResult = { kind: "success", status: 200, micros: 1000 };
export const SICK: ProbeResult = { kind: "failure", failure: "Target.ResponseCodeMismatch", status: 503, micros: 1000 };

/**
 * A registry with everything around it scripted: the clock stands still, names and health are what the test says. The
 * test plays the control plane's part.
 */
export class RegistryStage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log = new LogRecorder();
  readonly table = TargetTable.create(1);
  /**
   * What a name resolves to; an error is thrown; `null` never answers. A records only, except if the key is
   * `AAAA name`.
   */
  readonly dns = new Map<string, string[] | Error | null>();
  /** What a probe of an address finds; `OK` by default; `null` never ends. */
  readonly health = new Map<string, ProbeResult | null>();
  readonly probed: string[] = [];
  readonly registry: TargetRegistry;
  changes = 0;
  generation = 0;

  constructor(groups: readonly TargetGroupConfig[], dns: Partial<DnsConfig> = {}) {
    const probe: Probe = (target, { signal }) => {
      const address = hostPort(target.address, target.port);
      this.probed.push(address);
      const found = this.health.get(address);
      if (found !== null) return Promise.resolve(found ?? OK);
      return new Promise((resolve) =>
        signal.addEventListener("abort", () => resolve({ kind: "inconclusive", error: "called off" }))
      );
    };
    this.registry = new TargetRegistry({
      groups,
      dns: { ...SAMPLE_DNS, ...dns },
      table: this.table,
      clock: this.clock,
      random: () => 0,
      log: this.log,
      onChange: () => this.changes += 1,
      resolve: (host, type, { signal }) => {
        const found = this.dns.get(type === "A" ? host : `AAAA ${host}`);
        if (found instanceof Error) return Promise.reject(found);
        if (found === undefined) return Promise.reject(new Deno.errors.NotFound("no records found"));
        if (found !== null) return Promise.resolve(found);
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
      },
      probe,
    });
  }

  /** Moves the clock, a step at a time, so that what each timer began can end before the next. */
  async advance(ms: number, stepMs = ms): Promise<void> {
    for (let moved = 0; moved < ms; moved += stepMs) {
      this.clock.advance(Math.min(stepMs, ms - moved));
      await pause(0);
    }
  }

  /** Takes a snapshot, and has all workers apply it. */
  publish() {
    const groups = this.registry.groups(++this.generation);
    this.registry.appliedEverywhere(this.generation);
    return groups;
  }

  /** `address:port` of each member of a group, as a new snapshot names them. */
  members(group = "web"): string[] {
    const snapshot = this.registry.groups(++this.generation).find(({ name }) => name === group);
    return snapshot?.targets.map(({ address, port }) => hostPort(address, port)) ?? [];
  }

  /** What an operator sees of a target. */
  view(address: string, group = "web"): TargetView {
    const views = this.registry.views().find((view) => view.group.name === group)?.targets ?? [];
    const view = views.find(({ target }) => hostPort(target.address, target.port) === address);
    if (view === undefined) throw new Error(`There is no target ${address}`);
    return view;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registry.stop();
  }
}

import { targetKey } from "../../state/group_snapshot.ts";
import type { SystemView, TargetView } from "../../views/system_view.ts";
import type { ClientReading } from "../readings/client_reading.ts";
import { type SystemReading, TARGETS_AT_ONCE } from "../readings/system_reading.ts";
import { type LiveNumbers, LiveWindow, type Sample, sampleOf } from "./live_numbers.ts";

/** The numbers that each dashboard gets every second, before they are encoded. */
export interface LiveTick {
  readonly view: SystemView;
  readonly clients: ClientReading | null;
  readonly total: LiveNumbers;
  readonly rules: readonly { readonly slot: number; readonly numbers: LiveNumbers }[];
  readonly groups: readonly { readonly name: string; readonly numbers: LiveNumbers }[];
  readonly targets: readonly { readonly view: TargetView; readonly numbers: LiveNumbers }[];
}

const NO_BUCKETS = new Float64Array(0);

/** Turns counters, which only grow, into what happened lately. */
export class LiveSampler {
  #windows = new Map<string, LiveWindow>();

  /** Takes a reading of the moment `atMs` (monotonic). At each `yield` this turn's part is done. */
  *sample(reading: SystemReading, atMs: number): Generator<null, LiveTick, void> {
    // What is gone keeps no window.
    const windows = new Map<string, LiveWindow>();
    const push = (key: string, sample: Sample): LiveNumbers => {
      const window = this.#windows.get(key) ?? new LiveWindow();
      windows.set(key, window);
      return window.push(sample);
    };
    const { view, requests, clients, rules, groups, targets } = reading;
    const total = push("total", {
      atMs,
      inFlight: requests.inFlight,
      requests: requests.finished,
      errors: requests.errors,
      ttfb: targets.ttfb.slice(),
    });
    const tick = { view, clients, total, rules: [], groups: [], targets: [] } as {
      view: SystemView;
      clients: ClientReading | null;
      total: LiveNumbers;
      rules: { slot: number; numbers: LiveNumbers }[];
      groups: { name: string; numbers: LiveNumbers }[];
      targets: { view: TargetView; numbers: LiveNumbers }[];
    };
    for (const { rule: { slot, number }, finished, errors } of rules) {
      if (tick.rules.length % TARGETS_AT_ONCE === TARGETS_AT_ONCE - 1) yield null;
      const sample = { atMs, inFlight: 0, requests: finished, errors, ttfb: NO_BUCKETS };
      tick.rules.push({ slot, numbers: push(`rule ${slot} ${number}`, sample) });
    }
    for (const { view: { group }, counted, targets } of groups) {
      tick.groups.push({ name: group.name, numbers: push(`group ${group.name}`, sampleOf(counted, atMs)) });
      for (const { view, counted } of targets) {
        if (tick.targets.length % TARGETS_AT_ONCE === TARGETS_AT_ONCE - 1) yield null;
        const key = `target ${group.name} ${view.target.slot} ${targetKey(view.target)}`;
        tick.targets.push({ view, numbers: push(key, sampleOf(counted, atMs)) });
      }
    }
    this.#windows = windows;
    return tick;
  }
}

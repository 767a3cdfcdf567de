import type { Config } from "../config/model.ts";
import type { Logger } from "../logging/log.ts";
import type { GroupSnapshot, Snapshot } from "../state/group_snapshot.ts";
import type { TargetTable } from "../state/target_table.ts";
import type { Clock } from "../time/clock.ts";
import { makeSecret } from "./membership/process_secret.ts";
import type { ListenerPorts } from "./ports/listener_ports.ts";
import { RuleSlots } from "./membership/rule_slots.ts";

/** What snapshots are made of. */
export interface SnapshotParts {
  readonly table: TargetTable;
  readonly clock: Clock;
  readonly log: Logger;
  /** Names this process in `Via` and in the statistics. */
  readonly instance: string;
  /** The configuration in effect. */
  config(): Config;
  /** The listener's ports, once they are known. */
  readonly ports: Pick<ListenerPorts, "plain" | "tls">;
  /** The groups and their targets, as of this generation. */
  groups(generation: number): GroupSnapshot[];
}

/** Makes the snapshots that workers serve by. Each is complete, and its generation is one more than the last. */
export class Snapshots {
  readonly #parts: SnapshotParts;
  readonly #ruleSlots: RuleSlots;
  #current: Snapshot;

  /** Begins with generation 0, which has no groups yet. */
  constructor(parts: SnapshotParts) {
    this.#parts = parts;
    this.#ruleSlots = new RuleSlots(parts.table, { secret: makeSecret(), log: parts.log });
    this.#current = this.#make(0);
  }

  get current(): Snapshot {
    return this.#current;
  }

  /** Makes the next snapshot from the present state. */
  next(): Snapshot {
    return this.#current = this.#make(this.#current.generation + 1);
  }

  /** Frees the counters of rules that no worker serves by any more: all have applied `generation` or a later one. */
  appliedEverywhere(generation: number): void {
    this.#ruleSlots.appliedEverywhere(generation, this.#parts.clock.monotonicMs());
  }

  #make(generation: number): Snapshot {
    const { clock, instance, config, ports, groups } = this.#parts;
    const { listener, rules, logging } = config();
    return {
      generation,
      instance,
      listener,
      listenerPort: ports.plain,
      tlsPort: ports.tls,
      accessLog: logging.accessLog,
      debugRequests: logging.level === "debug",
      rules: this.#ruleSlots.assign(rules, generation, clock.monotonicMs()),
      groups: generation === 0 ? [] : groups(generation),
    };
  }
}

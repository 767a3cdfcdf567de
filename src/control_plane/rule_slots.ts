import type { RuleConfig } from "../config/model.ts";
import type { RuleSnapshot } from "../state/group_snapshot.ts";
import { MAX_RULES } from "../state/slot_layout.ts";
import { SlotAllocator } from "../state/slot_allocator.ts";
import type { TargetTable } from "../state/target_table.ts";

/** Gives each rule its place in the counters, kept as long as its prefix stays. */
export class RuleSlots {
  readonly #table: TargetTable;
  readonly #slots = new SlotAllocator(MAX_RULES);
  #byPrefix = new Map<string, number>();
  /** Slots of rules that left, until every worker has moved past the generation that still had them. */
  readonly #leaving: { readonly slot: number; readonly generation: number }[] = [];

  constructor(table: TargetTable) {
    this.#table = table;
  }

  /** The rules of the snapshot of this generation. */
  assign(rules: readonly RuleConfig[], generation: number, nowMs: number): RuleSnapshot[] {
    const before = this.#byPrefix;
    this.#byPrefix = new Map();
    for (const rule of rules) {
      let slot = before.get(rule.pathPrefix);
      if (slot === undefined) {
        slot = this.#slots.take(nowMs) ?? undefined;
        if (slot === undefined) throw new RangeError(`Cannot serve more than ${MAX_RULES} rules at once`);
        this.#table.resetRule(slot);
      }
      before.delete(rule.pathPrefix);
      this.#byPrefix.set(rule.pathPrefix, slot);
    }
    for (const slot of before.values()) this.#leaving.push({ slot, generation });
    return rules.map((rule) => ({ ...rule, slot: this.#byPrefix.get(rule.pathPrefix)! }));
  }

  /** Every worker serves by this generation or a later one. */
  appliedEverywhere(generation: number, nowMs: number): void {
    while (this.#leaving.length > 0 && this.#leaving[0]!.generation <= generation) {
      this.#slots.release(this.#leaving.shift()!.slot, nowMs);
    }
  }
}

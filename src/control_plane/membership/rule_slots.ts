import type { RuleConfig } from "../../config/rule.ts";
import type { RuleSnapshot } from "../../state/group_snapshot.ts";
import { MAX_RULES } from "../../state/slot_layout.ts";
import { SlotAllocator } from "../../state/slot_allocator.ts";
import type { TargetTable } from "../../state/target_table.ts";

/** Gives each rule its place in the counters, kept as long as its number stays. */
export class RuleSlots {
  readonly #table: TargetTable;
  /** An open download or WebSocket counts under its rule when it ends, hours after that may have left. */
  readonly #slots = new SlotAllocator(MAX_RULES, { freshFirst: true });
  #byNumber = new Map<number, number>();
  /** Slots of rules that left, until every worker has moved past the generation that still had them. */
  readonly #leaving: { readonly slot: number; readonly generation: number }[] = [];

  constructor(table: TargetTable) {
    this.#table = table;
  }

  /** The rules of the snapshot of this generation. */
  assign(rules: readonly RuleConfig[], generation: number, nowMs: number): RuleSnapshot[] {
    const before = this.#byNumber;
    this.#byNumber = new Map();
    for (const { number } of rules) {
      const slot = before.get(number);
      if (slot === undefined) continue;
      before.delete(number);
      this.#byNumber.set(number, slot);
    }
    for (const slot of before.values()) this.#leaving.push({ slot, generation });
    return rules.map((rule) => {
      let slot = this.#byNumber.get(rule.number);
      if (slot === undefined) this.#byNumber.set(rule.number, slot = this.#take(nowMs));
      return { ...rule, slot };
    });
  }

  /**
   * A free slot; where thousands of rules were replaced at once, one that was just left: a straggler is then counted
   * under the wrong rule, which is better than no reload. A configuration has no more rules than there are slots.
   */
  #take(nowMs: number): number {
    const slot = this.#slots.take(nowMs) ?? this.#slots.takeEarly() ?? this.#leaving.shift()?.slot;
    if (slot === undefined) throw new RangeError(`Cannot serve more than ${MAX_RULES} rules at once`);
    this.#table.resetRule(slot);
    return slot;
  }

  /** Every worker serves by this generation or a later one. */
  appliedEverywhere(generation: number, nowMs: number): void {
    while (this.#leaving.length > 0 && this.#leaving[0]!.generation <= generation) {
      this.#slots.release(this.#leaving.shift()!.slot, nowMs);
    }
  }
}

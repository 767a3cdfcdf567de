import type { RuleConfig } from "../../config/rule.ts";
import type { Logger } from "../../logging/log.ts";
import type { RuleSnapshot } from "../../state/group_snapshot.ts";
import { MAX_RULES } from "../../state/slot_layout.ts";
import { SlotAllocator } from "../../state/slot_allocator.ts";
import type { TargetTable } from "../../state/target_table.ts";

/** Gives each rule a slot for its counters, which it keeps as long as its number is configured. */
export class RuleSlots {
  readonly #table: TargetTable;
  readonly #secret: string;
  readonly #log: Logger;
  /** Rules that use the secret, so that each is logged once. */
  #usesSecret: ReadonlySet<number> = new Set();
  /** A download or WebSocket counts for its rule when it ends, which may be hours after the rule left. */
  readonly #slots = new SlotAllocator(MAX_RULES, { freshFirst: true });
  #byNumber = new Map<number, number>();
  /** Slots of rules that left, until every worker has moved past the generation that still had them. */
  readonly #leaving: { readonly slot: number; readonly generation: number }[] = [];

  /** @param parts `secret` signs the cookies of rules where STICKY_SECRET is unset. */
  constructor(table: TargetTable, { secret, log }: { readonly secret: string; readonly log: Logger }) {
    this.#table = table;
    this.#secret = secret;
    this.#log = log;
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
    this.#tellOfSecret(rules);
    for (const slot of before.values()) this.#leaving.push({ slot, generation });
    return rules.map((rule) => {
      let slot = this.#byNumber.get(rule.number);
      if (slot === undefined) this.#byNumber.set(rule.number, slot = this.#take(nowMs));
      return withSecret({ ...rule, slot }, this.#secret);
    });
  }

  #tellOfSecret(rules: readonly RuleConfig[]): void {
    const using = new Set(rules.filter(needsSecret).map(({ number }) => number));
    for (const number of using) {
      if (this.#usesSecret.has(number)) continue;
      const message =
        `Rule ${number} has no STICKY_SECRET: sluice made one, so its cookies are valid until sluice stops`;
      this.#log.info("sticky_secret_made", message, { rule: number });
    }
    this.#usesSecret = using;
  }

  /**
   * A free slot. If thousands of rules were replaced at once, it may be one that has just become free: a late request
   * is then counted for the wrong rule, which is better than no reload. A configuration has no more rules than there
   * are slots.
   */
  #take(nowMs: number): number {
    const slot = this.#slots.take(nowMs) ?? this.#slots.takeEarly() ?? this.#leaving.shift()?.slot;
    if (slot === undefined) throw new RangeError(`Cannot serve more than ${MAX_RULES} rules at once`);
    this.#table.resetRule(slot);
    return slot;
  }

  /** All workers use this generation or a later one. */
  appliedEverywhere(generation: number, nowMs: number): void {
    while (this.#leaving.length > 0 && this.#leaving[0]!.generation <= generation) {
      this.#slots.release(this.#leaving.shift()!.slot, nowMs);
    }
  }
}

/** Fills in the secret of a rule that pins clients and was given none. */
export function withSecret(rule: RuleSnapshot, secret: string): RuleSnapshot {
  const { action } = rule;
  if (!needsSecret(rule) || action.kind !== "forward") return rule;
  return { ...rule, action: { ...action, stickiness: { ...action.stickiness!, secret } } };
}

function needsSecret({ action }: RuleConfig): boolean {
  return action.kind === "forward" && action.stickiness !== null && action.stickiness.secret === null;
}

import type { GroupSnapshot, TargetSnapshot } from "../state/group_snapshot.ts";
import { FLAG } from "../state/slot_layout.ts";
import type { TargetTable } from "../state/target_table.ts";
import { type Algorithm, type CandidateList, type Select, type SelectContext, wasTried } from "./algorithm.ts";
import { hashText } from "./text_hash.ts";
import { drawnTurns, peekedTurns, type Turns } from "./turns.ts";

/**
 * How often another target is drawn for a later attempt before simply the next is taken. So many draws keep an
 * algorithm's shares even if the target that failed has nearly all of the weight.
 */
const MOST_DRAWS = 256;

/**
 * Chooses a target of one group: the one place that asks who is eligible. It only chooses; counting in flight, cookies
 * and attempts are its caller's. One for each group and snapshot, in each thread.
 */
export class GroupBalancer {
  readonly group: GroupSnapshot;
  readonly algorithm: Algorithm;
  readonly #table: TargetTable;
  readonly #context: SelectContext;
  readonly #select: Select;
  readonly #members: ReadonlySet<TargetSnapshot>;
  readonly #drawn: Turns;
  readonly #peeked: Turns;
  #list: CandidateList;
  #epoch: number;
  #failedOpen = false;

  constructor(group: GroupSnapshot, table: TargetTable, options: { algorithm: Algorithm; context: SelectContext }) {
    this.group = group;
    this.algorithm = options.algorithm;
    this.#table = table;
    this.#context = options.context;
    this.#select = options.algorithm.create(group, options.context);
    this.#members = new Set(group.targets);
    this.#drawn = drawnTurns(options.context.random);
    this.#peeked = peekedTurns(table);
    // The epoch is read before the flags: a change in between makes the list stale, never wrongly fresh.
    this.#epoch = Atomics.load(table.epoch, 0);
    this.#list = this.#build(this.#eligible());
  }

  /**
   * Chooses a target for one attempt, or null if none is left. `pinned` is where the client's cookie points, taken if
   * it is eligible; `tried` are the targets of this request's earlier attempts, null for the first, which allocates
   * nothing.
   */
  choose(key: string, pinned: TargetSnapshot | null, tried: readonly TargetSnapshot[] | null): TargetSnapshot | null {
    const list = this.candidates();
    if (tried !== null && tried.length > 0) return this.#chooseAgain(list, { key, pinned, tried });
    if (pinned !== null && this.serves(pinned)) return pinned;
    return list.count === 0 ? null : list.targets[this.#select(list, key)]!;
  }

  /** Returns what `choose` would choose for a first attempt now, without taking a turn. */
  peek(key: string, pinned: TargetSnapshot | null): TargetSnapshot | null {
    const list = this.candidates();
    if (pinned !== null && this.serves(pinned)) return pinned;
    return list.count === 0 ? null : list.targets[this.#select({ ...list, turns: this.#peeked }, key)]!;
  }

  /** The targets that may receive a request now, in the group's order. */
  candidates(): CandidateList {
    const epoch = Atomics.load(this.#table.epoch, 0);
    if (epoch !== this.#epoch) this.#refresh(epoch);
    return this.#list;
  }

  /** True while every target that is not draining is out, and all of those serve (FAIL_OPEN). */
  get failedOpen(): boolean {
    this.candidates();
    return this.#failedOpen;
  }

  /** Tells whether a target may receive a request now. */
  serves(target: TargetSnapshot): boolean {
    this.candidates();
    return this.#members.has(target) && (Atomics.load(this.#table.flags, target.slot) & this.#barring()) === 0;
  }

  /** What the choice is made by, for each of `candidates()` in order, in words. */
  scores(key: string): string[] {
    const list = this.candidates();
    const question = { keyHash: hashText(key), nowMs: this.#context.nowMs() };
    return list.targets.map((_, index) => this.algorithm.score(list, index, question));
  }

  /** The flags that keep a target from serving. */
  #barring(): number {
    return this.#failedOpen ? FLAG.draining : ~0;
  }

  #eligible(): TargetSnapshot[] {
    this.#failedOpen = false;
    const eligible = this.#unbarred();
    if (eligible.length > 0 || !this.group.failOpen) return eligible;
    this.#failedOpen = true;
    return this.#unbarred();
  }

  #unbarred(): TargetSnapshot[] {
    const barring = this.#barring();
    return this.group.targets.filter(({ slot }) => (Atomics.load(this.#table.flags, slot) & barring) === 0);
  }

  #refresh(epoch: number): void {
    this.#epoch = epoch;
    const eligible = this.#eligible();
    // All groups share the epoch: in most cases the health of another group changed.
    const before = this.#list.targets;
    if (eligible.length === before.length && eligible.every((target, index) => target === before[index])) return;
    this.#list = this.#build(eligible);
  }

  #build(targets: readonly TargetSnapshot[]): CandidateList {
    const list = {
      count: targets.length,
      targets,
      slots: Int32Array.from(targets, ({ slot }) => slot),
      table: this.#table,
      turns: this.#table as Turns,
      prepared: null as unknown,
      tried: null,
    };
    if (targets.length > 0) list.prepared = this.algorithm.prepare?.(list, this.group) ?? null;
    return list;
  }

  #chooseAgain(
    list: CandidateList,
    request: { key: string; pinned: TargetSnapshot | null; tried: readonly TargetSnapshot[] },
  ): TargetSnapshot | null {
    const { key, pinned, tried } = request;
    if (pinned !== null && !tried.some(({ slot }) => slot === pinned.slot) && this.serves(pinned)) return pinned;
    const left = { ...list, turns: this.#drawn, tried };
    // The list stays as it is, tried targets and all: one without them would cost as much as the group has targets.
    for (let draw = 0; draw < MOST_DRAWS && tried.length < list.count; draw++) {
      const index = this.#select(left, key);
      if (!wasTried(left, index)) return left.targets[index]!;
    }
    let index = Math.floor(this.#context.random() * left.count);
    for (let looked = 0; looked < left.count; looked++) {
      if (!wasTried(left, index)) return left.targets[index]!;
      if (++index === left.count) index = 0;
    }
    return null;
  }
}

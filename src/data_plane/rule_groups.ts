import { createHmac } from "node:crypto";
import { cookieValue, nextCookie } from "../balancing/cookies.ts";
import { smoothSchedule } from "../balancing/smooth_schedule.ts";
import type { Turns } from "../balancing/turns.ts";
import type { ForwardAction } from "../config/rule_action.ts";
import type { GroupBy, Received } from "./chain/exchange.ts";
import type { RuleRequest } from "../rules/conditions/condition.ts";
import { ruleCursor } from "../state/slot_layout.ts";
import type { RuleSnapshot } from "../state/group_snapshot.ts";
import type { GroupRuntime } from "./group_runtime.ts";
import { greatestCommonDivisor } from "../balancing/whole_weights.ts";

/** Which of a rule's groups a request goes to, and why. */
export interface GroupChoice {
  readonly group: GroupRuntime;
  /** The Set-Cookie value that pins the client to it; null if none is needed. */
  readonly pin: string | null;
  readonly by: GroupBy;
}

/**
 * A rule's target groups at work in one thread. The shares are exact over each cycle, the sum of the weights over their
 * greatest common divisor, and over all workers, which take turns in one circle. A client that is pinned takes no turn.
 */
export class RuleGroups {
  readonly #groups: readonly GroupRuntime[];
  /** The group of each turn; null if there is one group. */
  readonly #cycle: Uint16Array | null;
  readonly #weights: readonly number[];
  readonly #cursor: number;
  readonly #failover: boolean;
  readonly #cookie: RuleCookie | null;
  readonly #random: () => number;
  readonly #only: GroupChoice | null;

  constructor(
    { slot, number }: RuleSnapshot,
    action: ForwardAction,
    { groups, random }: { readonly groups: ReadonlyMap<string, GroupRuntime>; readonly random: () => number },
  ) {
    this.#groups = action.groups.map(({ name }) => groups.get(name)!);
    this.#weights = action.groups.map(({ weight }) => weight);
    this.#cursor = ruleCursor(slot);
    this.#failover = action.failover;
    this.#random = random;
    const single = this.#groups.length === 1;
    this.#cycle = single ? null : cycleOf(this.#weights);
    this.#cookie = single || action.stickiness === null ? null : new RuleCookie(number, action, this.#groups);
    this.#only = single ? { group: this.#groups[0]!, pin: null, by: "only" } : null;
  }

  /** Chooses a group. @param turns Whose turn it is: a request takes the turn, `explain` only reads it. */
  choose(received: Pick<Received, "header">, request: Pick<RuleRequest, "protocol">, turns: Turns): GroupChoice {
    if (this.#only !== null) return this.#only;
    const pinned = this.#cookie === null ? null : this.#cookie.pinned(received.header("cookie"));
    if (pinned !== null && (!this.#failover || canServe(pinned))) return { group: pinned, pin: null, by: "pinned" };
    const cycle = this.#cycle!;
    const first = this.#groups[cycle[turns.nextTurn(this.#cursor, cycle.length)]!]!;
    const group = this.#failover && !canServe(first) ? this.#other() ?? first : first;
    return {
      group,
      pin: this.#cookie?.pin(group, request.protocol === "https") ?? null,
      by: group === first ? "turn" : "failover",
    };
  }

  /** Another group that can serve, by chance in proportion to the weights: its turns are for the others' requests. */
  #other(): GroupRuntime | null {
    const weights = this.#groups.map((group, index) => canServe(group) ? this.#weights[index]! : 0);
    let draw = this.#random() * weights.reduce((sum, weight) => sum + weight, 0);
    for (const [index, weight] of weights.entries()) {
      if (weight === 0) continue;
      draw -= weight;
      if (draw < 0) return this.#groups[index]!;
    }
    return null;
  }
}

function canServe(group: GroupRuntime): boolean {
  return group.balancer.candidates().count > 0;
}

/** One cycle of groups by index. Those of weight 0 are not in it. */
function cycleOf(weights: readonly number[]): Uint16Array {
  const indexes = [...weights.keys()].filter((index) => weights[index]! > 0);
  const divisor = indexes.map((index) => weights[index]!).reduce(greatestCommonDivisor);
  return smoothSchedule(indexes.map((index) => weights[index]! / divisor)).map((place) => indexes[place]!);
}

/**
 * Pins clients of one rule to their groups by a cookie. Its value is base64url(HMAC-SHA256(secret, "rule" NUL number
 * NUL group)): only who has the secret can make one, and every replica with the same secret makes the same.
 */
class RuleCookie {
  readonly #name: string;
  readonly #groups = new Map<string, GroupRuntime>();
  readonly #pins = new Map<GroupRuntime, string>();

  constructor(number: number, { stickiness }: ForwardAction, groups: readonly GroupRuntime[]) {
    const { ttlMs, secret } = stickiness!;
    if (secret === null) throw new TypeError(`Cannot pin clients of rule ${number}: it has no secret`);
    this.#name = `sluice-rule-${number}`;
    const maxAge = ttlMs > 0 ? `; Max-Age=${Math.ceil(ttlMs / 1000)}` : "";
    for (const group of groups) {
      const text = `rule\0${number}\0${group.snapshot.name}`;
      const value = createHmac("sha256", secret).update(text).digest("base64url");
      this.#groups.set(value, group);
      this.#pins.set(group, `${this.#name}=${value}; Path=/${maxAge}; HttpOnly; SameSite=Lax`);
    }
  }

  /** The group that a Cookie header names, whatever its weight is now; null if it names none of the rule's. */
  pinned(cookieHeader: string | null): GroupRuntime | null {
    if (cookieHeader === null) return null;
    let start = nextCookie(cookieHeader, this.#name, 0);
    while (start !== -1) {
      const group = this.#groups.get(cookieValue(cookieHeader, start));
      if (group !== undefined) return group;
      start = nextCookie(cookieHeader, this.#name, start);
    }
    return null;
  }

  /** The Set-Cookie value that pins a client to a group. @param secure The client came by TLS. */
  pin(group: GroupRuntime, secure: boolean): string {
    const cookie = this.#pins.get(group)!;
    return secure ? `${cookie}; Secure` : cookie;
  }
}

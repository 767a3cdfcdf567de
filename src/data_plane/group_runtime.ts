import { GroupBalancer } from "../balancing/candidates.ts";
import { cookieValue, nextCookie } from "../balancing/cookies.ts";
import { hashKeyOf, type KeyedRequest } from "../balancing/hash_key.ts";
import { findAlgorithm } from "../balancing/registry.ts";
import { rendezvousHash } from "../balancing/rendezvous_hash.ts";
import { Stickiness } from "../balancing/stickiness.ts";
import { underBase } from "../rules/rewrite.ts";
import type { GroupSnapshot, TargetSnapshot } from "../state/group_snapshot.ts";
import { ownPart } from "../state/own_text.ts";
import { hostOf } from "../state/target_texts.ts";
import type { TargetTable } from "../state/target_table.ts";
import type { Exchange, Received } from "./chain/exchange.ts";
import { captureScores } from "./explain/decision_scores.ts";
import type { RequestDebugLog } from "./explain/request_debug_log.ts";

/** What choosing needs beside the group. */
export interface RuntimeContext {
  readonly table: TargetTable;
  readonly random: () => number;
  readonly nowMs: () => number;
  /** Told of every choice, at LOG_LEVEL=debug. */
  readonly debugLog?: RequestDebugLog | null;
  /** Headers that the transport writes by itself; absent for none. */
  readonly traceHeaders?: ReadonlySet<string>;
}

/** Tells whether a client came by TLS. */
type CameByTls = (received: Received) => boolean;

/** A target group at work in one thread, for one snapshot: which target gets a request, under which path. */
export class GroupRuntime {
  readonly snapshot: GroupSnapshot;
  /** Chooses by the group's algorithm. */
  readonly balancer: GroupBalancer;
  readonly preserveHost: boolean;
  /** False until a name of the group has resolved. */
  readonly resolved: boolean;
  readonly #stickiness: Stickiness | null;
  /** The cookie of the application's sessions; null without STICKINESS_COOKIE. */
  readonly #sessionCookie: string | null;
  /** Chooses for sessions that are not pinned to an eligible target; null without STICKINESS_COOKIE. */
  readonly #sessions: GroupBalancer | null;
  readonly #usesKey: boolean;
  readonly #cameByTls: CameByTls;
  readonly #debugLog: RequestDebugLog | null;

  constructor(snapshot: GroupSnapshot, context: RuntimeContext, cameByTls: CameByTls) {
    const algorithm = findAlgorithm(snapshot.algorithm);
    if (algorithm === null) throw new TypeError(`Cannot use "${snapshot.algorithm}": there is no such algorithm`);
    this.snapshot = snapshot;
    this.preserveHost = snapshot.preserveHost;
    this.resolved = snapshot.resolved;
    this.balancer = new GroupBalancer(snapshot, context.table, { algorithm, context });
    this.#stickiness = snapshot.stickiness === null ? null : new Stickiness(snapshot, snapshot.stickiness);
    this.#sessionCookie = snapshot.stickiness?.applicationCookie ?? null;
    this.#sessions = this.#sessionCookie === null
      ? null
      : new GroupBalancer(hashedBy(this.#sessionCookie, snapshot), context.table, {
        algorithm: rendezvousHash,
        context,
      });
    this.#cameByTls = cameByTls;
    this.#usesKey = algorithm.usesKey === true;
    this.#debugLog = context.debugLog ?? null;
  }

  /** Chooses a target that was not tried yet; null if none is eligible. */
  choose(exchange: Exchange, tried: readonly TargetSnapshot[] | null): TargetSnapshot | null {
    const { received, routed } = exchange;
    const pinned = this.pinned(received);
    const key = this.key(received);
    const balancer = this.balancerFor(received);
    const target = balancer.choose(key, pinned, tried);
    if (tried === null) {
      routed.scores = captureScores(balancer.candidates(), { group: balancer.group, target, key, pinned });
    }
    if (this.#stickiness !== null && target !== null) {
      // Nobody is pinned before the target's headers have come: an answer of sluice's own pins to no target.
      const stays = target === pinned && this.#sessionCookie === null;
      routed.pinCookie = stays ? null : this.#stickiness.setCookie(target, this.#cameByTls(received));
      routed.pinsWith = this.#sessionCookie;
    }
    if (this.#debugLog !== null && target !== null) this.#debugLog.selected(exchange, balancer, { target, key });
    return target;
  }

  /** Tells whether a target that was chosen may still receive a request. */
  serves(target: TargetSnapshot): boolean {
    return this.balancer.serves(target);
  }

  /** What chooses a request's target: the group's algorithm, or the hash of its session. */
  balancerFor(received: Received): GroupBalancer {
    return this.#sessions === null || this.#session(received) === "" ? this.balancer : this.#sessions;
  }

  /**
   * The target that the client's cookie names; null if it names none. Where the application says when sessions begin,
   * a client without one is not pinned.
   */
  pinned(received: Received): TargetSnapshot | null {
    if (this.#stickiness === null || (this.#sessions !== null && this.#session(received) === "")) return null;
    return this.#stickiness.pinned(received.header("cookie"));
  }

  /** The value of the application's cookie; empty if there is none. */
  #session(received: Received): string {
    const cookies = received.header("cookie");
    const start = cookies === null ? -1 : nextCookie(cookies, this.#sessionCookie!, 0);
    return start === -1 ? "" : ownPart(cookieValue(cookies!, start), cookies!);
  }

  /** What a request is hashed by: its session, or its HASH key; empty if it is not hashed. */
  key(received: Received): string {
    const session = this.#sessions === null ? "" : this.#session(received);
    if (session !== "") return session;
    return this.#usesKey ? hashKeyOf(this.snapshot.algorithmOptions.hashKey, new Keyed(received)) : "";
  }

  /** The Host that this target sees: what the rule says, its own `host:port`, or the client's with PRESERVE_HOST. */
  hostFor({ received, routed }: Exchange, target: TargetSnapshot): string {
    if (routed.hostRewrite !== null) return routed.hostRewrite;
    return this.preserveHost ? received.host : hostOf(target);
  }

  /** Path and query as this target gets them. */
  pathFor({ received, routed }: Exchange, target: TargetSnapshot): string {
    const path = underBase(routed.strippedPath, target.base);
    return received.query === "" ? path : path + received.query;
  }
}

/** The group as if it hashed by a cookie: what is kept of a choice says so, and masks the cookie. */
function hashedBy(cookie: string, group: GroupSnapshot): GroupSnapshot {
  return { ...group, algorithm: rendezvousHash.name, algorithmOptions: { hashKey: { from: "cookie", name: cookie } } };
}

/** A request as `hashKeyOf` reads it. */
class Keyed implements KeyedRequest {
  readonly #received: Received;

  constructor(received: Received) {
    this.#received = received;
  }

  get clientAddress(): string {
    return this.#received.client;
  }

  get path(): string {
    return this.#received.path;
  }

  header(name: string): string | null {
    return this.#received.header(name.toLowerCase());
  }
}

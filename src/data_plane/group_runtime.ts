import { GroupBalancer } from "../balancing/candidates.ts";
import { hashKeyOf, type KeyedRequest } from "../balancing/hash_key.ts";
import { findAlgorithm } from "../balancing/registry.ts";
import { Stickiness } from "../balancing/stickiness.ts";
import { underBase } from "../rules/rewrite.ts";
import { type GroupSnapshot, hostPort, type TargetSnapshot } from "../state/group_snapshot.ts";
import type { TargetTable } from "../state/target_table.ts";
import type { Exchange, Received } from "./chain/exchange.ts";
import { captureScores } from "./explain/decision_scores.ts";
import type { RequestTrace } from "./explain/request_trace.ts";

/** What choosing needs beside the group. */
export interface RuntimeContext {
  readonly table: TargetTable;
  readonly random: () => number;
  readonly nowMs: () => number;
  /** Told of every choice, at LOG_LEVEL=debug. */
  readonly trace?: RequestTrace | null;
  /** Headers that the transport writes by itself; absent for none. */
  readonly traceHeaders?: ReadonlySet<string>;
}

/** Tells whether a client came by TLS. */
type CameByTls = (received: Received) => boolean;

/** A target group at work in one thread, for one snapshot: who gets a request, under which path. */
export class GroupRuntime {
  readonly snapshot: GroupSnapshot;
  readonly balancer: GroupBalancer;
  readonly preserveHost: boolean;
  /** False until a name of the group has resolved. */
  readonly resolved: boolean;
  readonly #stickiness: Stickiness | null;
  readonly #usesKey: boolean;
  readonly #cameByTls: CameByTls;
  readonly #trace: RequestTrace | null;

  constructor(snapshot: GroupSnapshot, context: RuntimeContext, cameByTls: CameByTls) {
    const algorithm = findAlgorithm(snapshot.algorithm);
    if (algorithm === null) throw new TypeError(`Cannot use "${snapshot.algorithm}": there is no such algorithm`);
    this.snapshot = snapshot;
    this.preserveHost = snapshot.preserveHost;
    this.resolved = snapshot.resolved;
    this.balancer = new GroupBalancer(snapshot, context.table, { algorithm, context });
    this.#stickiness = snapshot.stickiness === null ? null : new Stickiness(snapshot, snapshot.stickiness);
    this.#cameByTls = cameByTls;
    this.#usesKey = algorithm.usesKey === true;
    this.#trace = context.trace ?? null;
  }

  /** Chooses a target that was not tried yet; null if none is eligible. */
  choose(exchange: Exchange, tried: readonly TargetSnapshot[] | null): TargetSnapshot | null {
    const { received, routed } = exchange;
    const pinned = this.pinned(received);
    const key = this.key(received);
    const target = this.balancer.choose(key, pinned, tried);
    if (tried === null) {
      routed.scores = captureScores(this.balancer.candidates(), { group: this.snapshot, target, key, pinned });
    }
    if (this.#stickiness !== null && target !== null) {
      // Nobody is pinned before the target's headers have come: an answer of sluice's own pins to no target.
      routed.pinCookie = target === pinned ? null : this.#stickiness.setCookie(target, this.#cameByTls(received));
    }
    if (this.#trace !== null && target !== null) this.#trace.selected(exchange, this.balancer, { target, key });
    return target;
  }

  /** Tells whether a target that was chosen may still receive a request. */
  serves(target: TargetSnapshot): boolean {
    return this.balancer.serves(target);
  }

  /** The target that the client's cookie names; null where there is none or the group is not sticky. */
  pinned(received: Received): TargetSnapshot | null {
    return this.#stickiness === null ? null : this.#stickiness.pinned(received.header("cookie"));
  }

  /** The HASH key of a request; empty where the algorithm has no use for one. */
  key(received: Received): string {
    return this.#usesKey ? hashKeyOf(this.snapshot.algorithmOptions.hashKey, new Keyed(received)) : "";
  }

  /** The Host that this target sees: what the rule says, its own `host:port`, or the client's with PRESERVE_HOST. */
  hostFor({ received, routed }: Exchange, target: TargetSnapshot): string {
    if (routed.hostRewrite !== null) return routed.hostRewrite;
    return this.preserveHost ? received.host : hostPort(target.host, target.port);
  }

  /** Path and query as this target gets them. */
  pathFor({ received, routed }: Exchange, target: TargetSnapshot): string {
    const path = underBase(routed.strippedPath, target.base);
    return received.query === "" ? path : path + received.query;
  }
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

import { GroupBalancer } from "../balancing/candidates.ts";
import { hashKeyOf, type KeyedRequest } from "../balancing/hash_key.ts";
import { findAlgorithm } from "../balancing/registry.ts";
import { Stickiness } from "../balancing/stickiness.ts";
import { underBase } from "../rules/rewrite.ts";
import { type GroupSnapshot, hostPort, type TargetSnapshot } from "../state/group_snapshot.ts";
import type { TargetTable } from "../state/target_table.ts";
import type { Exchange } from "./chain/exchange.ts";
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
type CameByTls = (exchange: Exchange) => boolean;

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
    const pinned = this.pinned(exchange);
    const key = this.key(exchange);
    const target = this.balancer.choose(key, pinned, tried);
    if (tried === null) {
      exchange.scores = captureScores(this.balancer.candidates(), { group: this.snapshot, target, key, pinned });
    }
    if (this.#stickiness !== null && target !== null) {
      // Nobody is pinned before the target's headers have come: an answer of sluice's own pins to no target.
      exchange.pinCookie = target === pinned ? null : this.#stickiness.setCookie(target, this.#cameByTls(exchange));
    }
    if (this.#trace !== null && target !== null) this.#trace.selected(exchange, this.balancer, { target, key });
    return target;
  }

  /** The target that the client's cookie names; null where there is none or the group is not sticky. */
  pinned(exchange: Exchange): TargetSnapshot | null {
    return this.#stickiness === null ? null : this.#stickiness.pinned(exchange.header("cookie"));
  }

  /** The HASH key of a request; empty where the algorithm has no use for one. */
  key(exchange: Exchange): string {
    return this.#usesKey ? hashKeyOf(this.snapshot.algorithmOptions.hashKey, new Keyed(exchange)) : "";
  }

  /** The Host that this target sees: its own `host:port`, or the client's with PRESERVE_HOST. */
  hostFor({ host }: Pick<Exchange, "host">, target: TargetSnapshot): string {
    return this.preserveHost ? host : hostPort(target.host, target.port);
  }

  /** Path and query as this target gets them. */
  pathFor(exchange: Exchange, target: TargetSnapshot): string {
    const path = underBase(exchange.strippedPath, target.base);
    return exchange.query === "" ? path : path + exchange.query;
  }
}

/** An exchange as `hashKeyOf` reads it. */
class Keyed implements KeyedRequest {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  get clientAddress(): string {
    return this.#exchange.client;
  }

  get path(): string {
    return this.#exchange.path;
  }

  header(name: string): string | null {
    return this.#exchange.header(name.toLowerCase());
  }
}

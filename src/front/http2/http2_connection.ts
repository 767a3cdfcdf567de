import type { HeadLimits } from "../../http1/request_head.ts";
import type { CloseCause } from "../../state/client_column.ts";
import type { Watch } from "../../time/deadline.ts";
import type { OpenConnection } from "../open_connection.ts";
import { CutTransfer } from "../serve/reply_stream.ts";
import type { ServeFront } from "../serve/serve_front.ts";
import type { Origin, Taking } from "../serve/origin.ts";
import type { ConnectionParts } from "../wire/client_connection.ts";
import { ConnectionTally } from "../wire/connection_tally.ts";
import type { Activity } from "../wire/limits.ts";
import { closeAtOnce, type ServeConnection, type ServedConnection } from "./platform_engine.ts";

/** What a connection of HTTP/2 needs beside what those of HTTP/1.1 need. */
export interface Http2Parts
  extends
    Pick<ConnectionParts, "limits" | "deadlines" | "nowMs" | "column" | "sendsAway" | "broken" | "admit" | "closed"> {
  readonly serve: ServeConnection;
  readonly front: Pick<ServeFront, "fetch">;
}

/**
 * A client's connection that speaks HTTP/2. The platform reads and writes it; what is known here are the requests that
 * it hands over and how each ended. So this limits how long the connection waits for its first request, or for another
 * one, and how long the client takes nothing of what it is sent.
 */
export class Http2Connection implements OpenConnection, Origin, Taking {
  readonly protocol = "https";
  readonly version = "HTTP/2";
  readonly peer: string;
  readonly taking = this;
  readonly leavesEarly = true;
  activity: Activity = "fresh";
  /** Monotonic ms: since when it does what it does. */
  activeSinceMs: number;
  admitted = false;
  place = -1;
  readonly #conn: Deno.Conn;
  readonly #parts: Http2Parts;
  readonly #tally: ConnectionTally;
  readonly #abort = new AbortController();
  readonly #watch: Watch;
  #served: ServedConnection | null = null;
  /** Requests that have not ended. */
  #open = 0;
  /** Responses, or pieces of them, that the client is still to take. */
  #owed = 0;
  /** The client was told to send no more requests. */
  #leaving = false;
  #closed = false;

  constructor(conn: Deno.Conn, parts: Http2Parts) {
    this.#conn = conn;
    this.#parts = parts;
    this.peer = (conn.remoteAddr as Deno.NetAddr).hostname;
    const nowMs = parts.nowMs();
    this.activeSinceMs = nowMs;
    this.#watch = parts.deadlines.watch(parts.limits().headMs, nowMs, this.#expired);
    this.#tally = new ConnectionTally(parts.column);
  }

  get head(): HeadLimits {
    return this.#parts.limits().head;
  }

  /** Begins to serve it. Never throws. */
  run(): void {
    const { admit, serve } = this.#parts;
    if (!admit(this)) return this.close("max_connections_per_client");
    try {
      const served = this.#served = serve(this.#conn, this.#abort.signal, this.#respond, this.#failed, () => {});
      served.finished.then(() => this.#ended("client"), () => this.#ended("bad_request"));
    } catch {
      // The client was gone before.
      this.close("client");
    }
  }

  /** Closes it at once, and its requests with it. @param cause Why, unless another cause was settled before. */
  close(cause: CloseCause | null): void {
    if (this.#closed) return;
    if (this.#served !== null) closeAtOnce(this.#abort);
    else {
      try {
        this.#conn.close();
      } catch {
        // The platform has closed it already.
      }
    }
    this.#ended(cause);
  }

  /**
   * A connection without a request yet may have one on its way, and is told with its first response. From then on only
   * the client, or the end of this thread, closes it.
   */
  sendAway(): void {
    if (this.activity === "fresh" || this.#leaving) return;
    this.#leaving = true;
    this.#become("request");
    this.#tally.settle("shutdown");
    this.#served?.shutdown().catch(() => {});
  }

  owed(): void {
    this.#owed++;
    this.#limit();
  }

  paid(): void {
    this.#owed--;
    this.#limit();
  }

  readonly #respond = (
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ): Response | Promise<Response> => {
    this.#tally.requests++;
    if (this.#open++ === 0) this.#become("request");
    info.completed.then(this.#completed, this.#completed);
    return this.#parts.front.fetch(request, info, this);
  };

  readonly #completed = (): void => {
    if (--this.#open > 0 || this.#closed) return;
    if (!this.#leaving) this.#become("idle");
    if (this.#parts.sendsAway()) this.sendAway();
  };

  /** The platform hands over what it could not send; a transfer that sluice cut is one of these. */
  readonly #failed = (error: unknown): Response => {
    if (!(error instanceof CutTransfer)) this.#parts.broken(error);
    return new Response(null, { status: 500 });
  };

  #become(activity: Activity): void {
    if (this.#closed) return;
    this.#tally.idle(activity === "idle");
    this.activity = activity;
    this.activeSinceMs = this.#parts.deadlines.nowMs;
    this.#limit();
  }

  #limit(): void {
    const { deadlines, limits } = this.#parts;
    const { idleMs, writeMs } = limits();
    deadlines.restart(this.#watch, this.activity === "idle" ? idleMs : this.#owed > 0 && !this.#leaving ? writeMs : 0);
  }

  readonly #expired = (): void => {
    const { activity } = this;
    this.close(activity === "fresh" ? "head_timeout" : activity === "idle" ? "idle_timeout" : "write_timeout");
  };

  #ended(cause: CloseCause | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#tally.closed(cause, null, false);
    this.#parts.deadlines.close(this.#watch);
    this.#parts.closed(this);
  }
}

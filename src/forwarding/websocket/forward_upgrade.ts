import type { TargetSnapshot } from "../../state/group_snapshot.ts";
import type { Exchange } from "../exchange.ts";
import { allRefused, type ForwarderParts, type ForwardGroup } from "../forward.ts";
import type { ForwardLimits } from "../open_exchange.ts";
import { targetHost } from "../headers/forwarded_headers.ts";
import { Failure } from "../gateway_error.ts";
import { answerWithBody } from "../bodies/response_body.ts";
import { decideRetry, MOST_TARGETS } from "../retry_policy.ts";
import { addHeaders } from "./upgrade_client.ts";
import { UpgradeConnection } from "./upgrade_connection.ts";
import { forwardUpgrade, type UpgradeResult } from "./upgrade.ts";

/** Close code of tunnels that end because sluice does: going away (RFC 6455 section 7.4.1). */
const GOING_AWAY = 1001;

/** An open tunnel, as far as it is kept. */
interface Tunnel {
  close(code: number, reason: string): void;
  cut(): void;
}

/** Takes WebSocket exchanges to targets: the same attempts, counting and fail-over as other requests, then a tunnel. */
export class UpgradeForwarder {
  readonly #parts: ForwarderParts;
  readonly #tunnels = new Set<Tunnel>();
  /** Ends handshakes that are under way when the shutdown's patience does. */
  readonly #cut = new AbortController();
  #closing = false;

  constructor(parts: ForwarderParts) {
    this.#parts = parts;
  }

  /**
   * Forwards a handshake. Resolves with the 101 (the tunnel's end calls `exchange.end`), with the target's own answer
   * where it refuses, or with one of sluice's own where there is none.
   */
  forward(
    exchange: Exchange,
    group: ForwardGroup,
    options: { headers: [string, string][]; limits: ForwardLimits },
  ): Promise<Response> {
    return this.#attempts(exchange, group, options).then(
      (response) => response ?? this.#parts.refuse(exchange, exchange.reason!),
      (error) => this.#parts.broken(exchange, error),
    );
  }

  /** Null where no target answered and `exchange.reason` says why. */
  async #attempts(
    exchange: Exchange,
    group: ForwardGroup,
    options: { headers: [string, string][]; limits: ForwardLimits },
  ): Promise<Response | null> {
    const { column, clock } = this.#parts;
    const { limits } = options;
    const deadlineMs = clock.monotonicMs() + limits.connectionTimeoutMs;
    const tried: TargetSnapshot[] = [];
    for (;;) {
      const target = tried.length < MOST_TARGETS ? group.choose(exchange, tried.length === 0 ? null : tried) : null;
      if (target === null) {
        exchange.reason = allRefused(exchange)?.reason ?? exchange.reason ??
          (group.resolved ? "no_target" : "dns_failed");
        return null;
      }
      exchange.target = target;
      exchange.heldSlot = target.slot;
      column.enter(target.slot);
      column.count(target.slot, "attempts");
      if (tried.length > 0) column.count(target.slot, "retries");
      const startedMs = clock.monotonicMs();
      const tunnel: Tunnel = { close() {}, cut() {} };
      const connection = new UpgradeConnection(this.#parts, target.slot);
      const result = await forwardUpgrade(exchange.request, {
        target,
        path: group.pathFor(exchange, target),
        headers: [["host", targetHost(target, group.preserveHost, exchange.host)], ...options.headers],
      }, {
        clock,
        connection,
        handshakeTimeoutMs: Math.max(1, deadlineMs - startedMs),
        connectTimeoutMs: limits.connectTimeoutMs,
        idleTimeoutMs: limits.streamIdleTimeoutMs,
        cut: this.#cut.signal,
        onAccepted: () => exchange.upgraded = true,
        onBroken: (error) => this.#parts.report(exchange, error),
        onClosed: (outcome) => {
          this.#tunnels.delete(tunnel);
          exchange.requestBytes = outcome.requestBytes;
          exchange.responseBytes = outcome.responseBytes;
          // An orderly close by either side is the end, not a cut; one who vanished without a close frame cut it.
          if (outcome.leftFirst === "idle") exchange.cutBy = "idle";
          else if (outcome.code === null) exchange.cutBy = outcome.leftFirst;
          exchange.end?.(exchange);
        },
      });
      const nowMs = clock.monotonicMs();
      const micros = (nowMs - startedMs) * 1000;
      const connectMicros = connection.micros;
      if (result.kind !== "failed") {
        const response = await this.#accept(exchange, result, { tunnel, limits });
        exchange.attempted({ target, reason: null, detail: null, micros, connectMicros });
        exchange.ttfbMicros = micros;
        if (result.kind === "malformed") {
          // No target was asked after all.
          column.leave(target.slot);
          column.count(target.slot, "attempts", -1);
          exchange.heldSlot = -1;
          exchange.target = null;
          exchange.forgetAttempts();
          exchange.ttfbMicros = -1;
        } else column.answered(target.slot, exchange.status, micros, nowMs);
        return response;
      }
      const failure = new Failure(result.failure, result.detail);
      const { reason, detail } = failure;
      exchange.attempted({ target, reason, detail, micros, connectMicros });
      exchange.reason = failure.reason;
      column.leave(target.slot);
      exchange.heldSlot = -1;
      if (failure.reason === "client_closed") {
        column.count(target.slot, "leftByClient");
        return null;
      }
      // Nobody's fault but the shutdown's.
      if (failure.reason === "shutting_down" || failure.reason === "overloaded") return null;
      column.count(target.slot, "noAnswer");
      if (failure.nothingSent) this.#parts.connectionFailed(target, column.connectFailed(target.slot), failure.detail);
      // A handshake may start something on the target: only one that was never sent moves on.
      const decision = decideRetry(failure, { method: "GET", retriesUsed: 0, retriesAllowed: 0, bodySpent: false });
      if (!decision.retry || clock.monotonicMs() >= deadlineMs) return null;
      tried.push(target);
    }
  }

  /**
   * Ends every tunnel, each with a close frame: sluice is going away. Those whose handshake is under way follow as soon
   * as they stand, and those that are still there when the wheel lets everything expire are cut.
   */
  closeAll(): void {
    this.#closing = true;
    for (const tunnel of this.#tunnels) tunnel.close(GOING_AWAY, "Going away");
    this.#parts.wheel.watch(0, this.#parts.clock.monotonicMs(), () => {
      this.#cut.abort();
      for (const tunnel of this.#tunnels) tunnel.cut();
    });
  }

  async #accept(
    exchange: Exchange,
    result: Exclude<UpgradeResult, { kind: "failed" }>,
    options: { tunnel: Tunnel; limits: ForwardLimits },
  ): Promise<Response> {
    if (result.kind === "malformed") {
      exchange.status = result.status;
      exchange.reason = "bad_request";
      return new Response(null, { status: result.status, headers: result.headers });
    }
    exchange.reason = null;
    exchange.pinToTarget();
    if (result.kind === "upgraded") {
      exchange.status = 101;
      const { tunnel } = options;
      tunnel.close = result.close;
      tunnel.cut = result.cut;
      this.#tunnels.add(tunnel);
      if (this.#closing) tunnel.close(GOING_AWAY, "Going away");
    } else exchange.status = result.response.status;
    const { response } = result;
    addHeaders(response, exchange.extraResponseHeaders ?? []);
    if (result.kind === "upgraded" || response.body === null) return response;
    const { wheel, clock } = this.#parts;
    const watch = wheel.watch(options.limits.streamIdleTimeoutMs, clock.monotonicMs(), () => {});
    return await answerWithBody(response.body, Number(response.headers.get("content-length") ?? -1), {
      context: {
        exchange,
        wheel,
        over: null,
        watch,
        abort() {},
        close: () => wheel.close(watch),
      },
      answer: (body) => new Response(body, { status: response.status, headers: response.headers }),
    });
  }
}

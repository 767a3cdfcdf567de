import type { ClientEvents, RequestHandler, Unreadable } from "../../front/front.ts";
import type { ReceivedRequest } from "../../front/received_request.ts";
import type { Reply } from "../../front/reply.ts";
import { peerAddress } from "../../forwarding/headers/client_address.ts";
import type { DeadlineWheel } from "../../time/deadline.ts";
import { Exchange } from "../../forwarding/exchange.ts";
import { Failure } from "../../forwarding/gateway_error.ts";
import { prepareLines } from "../../forwarding/headers/request_lines.ts";
import { Kind } from "../../http1/field_kind.ts";
import { lists } from "../../http1/request_head.ts";
import type { Reason } from "../../state/reason.ts";
import type { CompiledSnapshot } from "../compiled_snapshot.ts";
import { clientOrigin } from "./location_rewrite.ts";
import { identify } from "./request_id.ts";
import type { RequestTrace } from "../explain/request_trace.ts";
import { asksForStats, type StatsRequests } from "./serve_stats.ts";
import { attempt, type AttemptParts } from "./attempts.ts";
import { checkReceived } from "./check_received.ts";
import { OpenExchange } from "./open_exchange.ts";
import { ownReply, send } from "./own_reply.ts";
import { plan } from "./plan.ts";
import { cutBy, pairsOf, relay, responseLines } from "./relay.ts";

const encoder = new TextEncoder();
/** A tunnel of which one side has ended is over when the other is silent for so long. */
const HALF_CLOSED_MS = 5_000;

/** What the chain works with: one a thread. */
export interface WireChainParts extends AttemptParts {
  readonly wheel: DeadlineWheel;
  readonly stats: StatsRequests;
  nextId(): string;
  /** The snapshot to serve by, as of now. */
  current(): CompiledSnapshot;
  /** Counts and logs a finished exchange. */
  finish(exchange: Exchange): void;
  /** Tells of each request at LOG_LEVEL=debug; null at other levels. */
  trace(): RequestTrace | null;
  /** Reports what should never happen. */
  broken(exchange: Exchange, error: unknown): void;
  /** Says which rule a request that could not be read broke. */
  unreadable(unreadable: Unreadable, id: string): void;
}

/** Answers requests of a wire listener: check, match, choose, forward, count. */
export class WireChain implements RequestHandler {
  readonly #parts: WireChainParts;

  constructor(parts: WireChainParts) {
    this.#parts = parts;
  }

  async handle(received: ReceivedRequest, reply: Reply, client: ClientEvents): Promise<void> {
    const parts = this.#parts;
    const exchange = this.#begin(received.method, received.peer);
    exchange.lines = received.lines;
    exchange.protocol = received.protocol;
    exchange.bodyLength = received.bodyLength;
    exchange.ignoresExpect = received.version === "1.0";
    const compiled = parts.current();
    const trace = parts.trace();
    const receivedAs = exchange.requestId;
    let shown: [string, string][] | null = null;
    const show = trace === null ? null : (headers: [string, string][]) => shown = headers;
    if (trace !== null) {
      trace.received(
        exchange,
        `${received.protocol}://${received.host ?? ""}${received.target}`,
        pairsOf(received.lines),
      );
    }
    try {
      const refused = await this.#serve(exchange, { received, reply, client, compiled, show });
      if (refused !== null) {
        if (reply.begun) reply.cut();
        else await ownReply(exchange, refused, { settings: compiled.snapshot.listener, reply });
      }
    } catch (error) {
      parts.broken(exchange, error);
      if (reply.begun) reply.cut();
      else await ownReply(exchange, "internal_error", { settings: compiled.snapshot.listener, reply });
    }
    if (trace !== null) trace.answered(exchange, shown ?? exchange.extraResponseHeaders ?? [], receivedAs);
    parts.finish(exchange);
    exchange.lines = null;
  }

  async refuse(unreadable: Unreadable, reply: Reply): Promise<void> {
    const exchange = this.#begin("-", unreadable.peer);
    exchange.path = "-";
    this.#parts.unreadable(unreadable, exchange.requestId);
    await ownReply(exchange, unreadable.reason, { settings: this.#parts.current().snapshot.listener, reply });
    this.#parts.finish(exchange);
  }

  #begin(method: string, peer: string): Exchange {
    const { column, clock } = this.#parts;
    column.arrived();
    const exchange = new Exchange({ method }, clock.monotonicMs());
    exchange.requestId = this.#parts.nextId();
    exchange.peer = exchange.client = peerAddress(peer);
    return exchange;
  }

  /** Null when it was answered; else why it is refused. */
  async #serve(
    exchange: Exchange,
    { received, reply, client, compiled, show }: {
      readonly show: ((headers: [string, string][]) => void) | null;
      readonly received: ReceivedRequest;
      readonly reply: Reply;
      readonly client: ClientEvents;
      readonly compiled: CompiledSnapshot;
    },
  ): Promise<Reason | null> {
    const { listener } = compiled.snapshot;
    const malformed = checkReceived(exchange, received);
    if (malformed !== null) return malformed;
    if (asksForStats(exchange, listener)) return await this.#answerStats(exchange, reply);
    const group = plan(exchange, compiled);
    if (typeof group === "string") return group;
    const upgrade = upgradeOf(received);
    const headers = received.protocol === "https" ? compiled.secureHeaders : compiled.headers;
    const origin = group.snapshot.locationRewrite ? clientOrigin(exchange, headers) : null;
    const { own, ownConnection, loop } = prepareLines(exchange, received.lines, headers);
    exchange.identified = true;
    if (listener.headerConvention) exchange.addResponseHeader("X-Request-Id", exchange.requestId);
    if (loop) return "loop";
    if (listener.maxBodyBytes > 0 && received.bodyLength > listener.maxBodyBytes) return "body_too_large";
    const open = new OpenExchange(exchange, received, {
      limits: listener,
      wheel: this.#parts.wheel,
      client,
      nowMs: exchange.startedMs,
    });
    try {
      const prepared = {
        lines: received.lines,
        own,
        upgrade,
        ownConnection,
        interim: (head: { status: number; phrase: string | null; lines: ReceivedRequest["lines"] }) =>
          reply.interim({ ...head, own: [], bodyLength: 0 }),
      };
      const outcome = await attempt(open, { exchange, group, prepared }, this.#parts);
      if (outcome instanceof Failure) return outcome.reason;
      if (typeof outcome === "string") return outcome;
      if (outcome.status === 101) {
        await this.#tunnel(exchange, { open, reply, upgrade: upgrade!, response: outcome });
        return null;
      }
      const locations = origin === null
        ? null
        : { origin, target: exchange.target!, rewrite: exchange.rule!.action.pathRewrite, path: exchange.path };
      await relay(outcome, { exchange, open, reply, locations, show });
      return null;
    } finally {
      open.close();
    }
  }

  async #tunnel(
    exchange: Exchange,
    { open, reply, upgrade, response }: {
      readonly open: OpenExchange;
      readonly reply: Reply;
      readonly upgrade: string;
      readonly response: Exclude<Awaited<ReturnType<typeof attempt>>, Failure | string>;
    },
  ): Promise<void> {
    exchange.status = 101;
    exchange.pinToTarget();
    const protocol = response.lines.get("upgrade") ?? upgrade;
    const own = responseLines(response, exchange, null);
    const target = response.tunnel();
    let halfClosed = false;
    open.atWork = { abort: () => target.close() };
    open.begin(() => reply.cut());
    const head = { status: 101, phrase: response.phrase, lines: response.lines, own, bodyLength: 0 };
    try {
      await reply.tunnel(head, protocol, target, {
        moved(to, bytes) {
          if (to === "target") exchange.requestBytes += bytes;
          else exchange.responseBytes += bytes;
          open.moved();
        },
        halfClosed() {
          halfClosed = true;
          open.limitSilence(HALF_CLOSED_MS);
        },
        broken(by) {
          // Nothing came of the side that might have gone on: the tunnel is over.
          if (halfClosed && open.over?.reason === "timeout") return;
          exchange.cutBy ??= open.over === null ? by : cutBy(open);
        },
      });
    } catch {
      exchange.cutBy ??= "client";
      target.close();
      reply.cut();
    }
  }

  async #answerStats(exchange: Exchange, reply: Reply): Promise<null> {
    identify(exchange, this.#parts.current().snapshot.listener.headerConvention);
    const body = encoder.encode(await this.#parts.stats.request());
    exchange.status = 200;
    exchange.responseBytes = exchange.method === "HEAD" ? 0 : body.length;
    const own: [string, string][] = [
      ["Content-Type", "application/json"],
      ["Cache-Control", "no-store"],
      ["Content-Length", String(body.length)],
      ...exchange.extraResponseHeaders ?? [],
    ];
    await send(reply, { status: 200, own, body });
    return null;
  }
}

/**
 * The protocol that a client asks to switch to (RFC 9110 section 7.8); null if it asks for none, or speaks HTTP/1.0. With a body the
 * wish is left out, which that section allows: the new protocol's bytes would follow a body that is still on its way.
 */
function upgradeOf({ version, lines, bodyLength }: ReceivedRequest): string | null {
  if (version !== "1.1" || bodyLength !== 0 || !lines.has(Kind.Upgrade)) return null;
  return lists(lines.get("connection") ?? "", "upgrade") ? lines.get("upgrade") : null;
}

import type { ClientEvents, RequestHandler, Unreadable } from "../../front/front.ts";
import type { ReceivedRequest, Unfit } from "../../front/received_request.ts";
import type { Reply, ResponseHead } from "../../front/reply.ts";
import { peerAddress } from "../../forwarding/headers/client_address.ts";
import { prepareLines } from "../../forwarding/headers/request_lines.ts";
import type { Interim } from "../../forwarding/target_request.ts";
import type { Reason } from "../../state/reason.ts";
import type { DeadlineWheel } from "../../time/deadline.ts";
import type { CompiledSnapshot } from "../compiled_snapshot.ts";
import type { GroupRuntime } from "../group_runtime.ts";
import { attempt, type AttemptParts } from "./attempts.ts";
import { checkRequest } from "./check_request.ts";
import { Exchange } from "./exchange.ts";
import { clientOrigin, type LocationContext } from "./location_rewrite.ts";
import { OpenExchange } from "./open_exchange.ts";
import { ownResponse } from "./own_response.ts";
import { plan } from "./plan.ts";
import { relay } from "./relay.ts";
import { answerChallenge, challengeToken } from "./acme_challenge.ts";
import type { ControlQuestions } from "./control_questions.ts";
import { asksForStats, sendStats } from "./stats_response.ts";
import { runTunnel } from "./tunnel.ts";
import { whyNotForwarded } from "./why_not_forwarded.ts";

/** What the chain works with: one a thread. */
export interface ChainParts extends AttemptParts {
  readonly wheel: DeadlineWheel;
  readonly stats: ControlQuestions<string>;
  readonly challenges: ControlQuestions<string | null, string>;
  /** Makes the id of a request that brings none. */
  nextId(): string;
  /** The snapshot to serve by, as of now. */
  current(): CompiledSnapshot;
  /** Counts and logs a finished exchange. */
  readonly finish: (exchange: Exchange) => void;
  /** Tells of a request that has begun, and returns what is to be told of its response's head; null if nobody asks. */
  announce(exchange: Exchange, received: ReceivedRequest): Announce | null;
  /** Reports what should never happen. */
  broken(exchange: Exchange, error: unknown): void;
  /** Says which rule a request that could not be read broke. */
  unreadable(unreadable: Unreadable, id: string): void;
}

/** Is told of a response's head when it begins. */
export type Announce = (head: ResponseHead) => void;

/** One request in the chain, and the snapshot that it is served by from beginning to end. */
interface Passage {
  readonly exchange: Exchange;
  readonly received: ReceivedRequest;
  readonly reply: Reply;
  readonly client: ClientEvents;
  readonly compiled: CompiledSnapshot;
  readonly announce: Announce | null;
}

/** Answers requests, whatever engine received them: check, match, choose, forward, count. */
export class Chain implements RequestHandler {
  readonly #parts: ChainParts;

  constructor(parts: ChainParts) {
    this.#parts = parts;
  }

  async handle(received: ReceivedRequest, reply: Reply, client: ClientEvents): Promise<void> {
    const parts = this.#parts;
    const exchange = this.#begin(received.method, received.peer);
    exchange.received.lines = received.lines;
    exchange.received.protocol = received.protocol;
    const compiled = parts.current();
    const announce = parts.announce(exchange, received);
    try {
      const refused = await this.#serve({ exchange, received, reply, client, compiled, announce });
      if (refused !== null) await this.#refuse(exchange, refused, { reply, compiled, announce });
    } catch (error) {
      parts.broken(exchange, error);
      await this.#refuse(exchange, "internal_error", { reply, compiled, announce });
    }
    exchange.received.lines = null;
    const { sent } = reply;
    const end = () => parts.finish(exchange);
    if (sent === null) end();
    else sent.then(end, end);
  }

  async refuse(unreadable: Unreadable, reply: Reply): Promise<void> {
    const exchange = this.#begin("-", unreadable.peer);
    exchange.received.path = "-";
    this.#parts.unreadable(unreadable, exchange.received.requestId);
    await this.#refuse(exchange, unreadable.reason, { reply, compiled: this.#parts.current(), announce: null });
    this.#parts.finish(exchange);
  }

  #begin(method: string, peer: string): Exchange {
    const { column, clock } = this.#parts;
    column.arrived();
    const exchange = new Exchange(method, clock.monotonicMs());
    exchange.received.requestId = this.#parts.nextId();
    exchange.received.peer = exchange.received.client = peerAddress(peer);
    return exchange;
  }

  async #refuse(
    exchange: Exchange,
    why: Reason | Unfit,
    { reply, compiled, announce }: Pick<Passage, "reply" | "compiled" | "announce">,
  ): Promise<void> {
    if (reply.begun) return reply.cut();
    await ownResponse(exchange, why, { settings: compiled.snapshot.listener, reply, announce });
  }

  /** Null when it was answered; else why it is refused. */
  #serve(passage: Passage): Promise<Reason | Unfit | null> | Reason | Unfit | null {
    const { exchange, received, reply, compiled, announce } = passage;
    const { listener } = compiled.snapshot;
    const malformed = checkRequest(exchange.received, received, listener.upstreamTransport);
    if (malformed !== null) return malformed;
    if (asksForStats(exchange.received, listener)) {
      return sendStats(exchange, this.#parts.stats, { settings: listener, reply, announce }).then(() => null);
    }
    const token = challengeToken(exchange.received, listener);
    return token === null ? this.#byRule(passage) : this.#answerChallenge(passage, token);
  }

  #byRule(passage: Passage): Promise<Reason | Unfit | null> | Reason | Unfit | null {
    const group = plan(passage.exchange, passage.compiled);
    return typeof group === "string" ? group : this.#forward(passage, group);
  }

  async #answerChallenge(passage: Passage, token: string): Promise<Reason | Unfit | null> {
    const { exchange, reply, compiled, announce } = passage;
    const { challenges } = this.#parts;
    const parts = { settings: compiled.snapshot.listener, reply, announce };
    return await answerChallenge(exchange, { token, challenges, parts }) ? null : await this.#byRule(passage);
  }

  async #forward(passage: Passage, group: GroupRuntime): Promise<Reason | Unfit | null> {
    const { exchange, received, reply, client, compiled, announce } = passage;
    const { listener } = compiled.snapshot;
    const headers = received.protocol === "https" ? compiled.secureHeaders : compiled.headers;
    const origin = group.snapshot.locationRewrite ? clientOrigin(exchange.received, headers) : null;
    const said = prepareLines(received, exchange.received, headers);
    exchange.received.identify(said);
    if (listener.headerConvention) exchange.outcome.addResponseHeader("X-Request-Id", exchange.received.requestId);
    const refused = whyNotForwarded(received, said.loop, listener.maxBodyBytes);
    if (refused !== null) return refused;
    const { wheel } = this.#parts;
    const open = new OpenExchange(exchange, received, {
      limits: listener,
      wheel,
      client,
      nowMs: exchange.received.startedMs,
    });
    try {
      const { lines, bodyLength, upgrade } = received;
      const interim: Interim = (head) => reply.interim({ ...head, own: [], bodyLength: 0 });
      const prepared = { lines, bodyLength, own: said.own, upgrade, ownConnection: said.ownConnection, interim };
      const outcome = await attempt(open, { exchange, group, prepared }, this.#parts);
      if (typeof outcome === "string") return outcome;
      if (outcome.status === 101) {
        const failed = (error: unknown) => this.#parts.broken(exchange, error);
        await runTunnel(outcome, { exchange, open, reply, upgrade: upgrade!, announce, failed });
      } else {
        const { path } = exchange.received;
        const locations: LocationContext | null = origin === null
          ? null
          : { origin, target: exchange.outcome.target!, rewrite: exchange.routed.rule!.action.pathRewrite, path };
        await relay(outcome, { exchange, open, reply, locations, announce });
      }
      return null;
    } catch (error) {
      open.atWork?.abort();
      throw error;
    } finally {
      open.close();
    }
  }
}

import type { ClientEvents, RequestHandler, Unreadable } from "../../front/front.ts";
import type { ReceivedRequest, Unfit } from "../../front/received_request.ts";
import type { Reply, ResponseHead } from "../../front/reply.ts";
import { peerAddress } from "../../forwarding/headers/client_address.ts";
import { prepareLines } from "../../forwarding/headers/request_lines.ts";
import type { Interim, TargetResponse } from "../../forwarding/target_request.ts";
import type { Reason } from "../../state/reason.ts";
import type { Deadlines } from "../../time/deadline.ts";
import { type CompiledSnapshot, headersFor } from "../compiled_snapshot.ts";
import { GroupRuntime } from "../group_runtime.ts";
import { strippedPrefix } from "../../rules/rewrite.ts";
import { type AttemptParts, Attempts } from "./attempts.ts";
import { checkRequest } from "./check_request.ts";
import { Exchange } from "./exchange.ts";
import { editsOf, type HeaderEdits } from "./header_edits.ts";
import { clientOrigin, type LocationContext } from "./location_rewrite.ts";
import { OpenExchange } from "./open_exchange.ts";
import { ownResponse, type OwnResponseParts } from "./own_response.ts";
import { plan } from "./plan.ts";
import { cutBy, relay } from "./relay.ts";
import { sendRuleAnswer } from "./rule_answer.ts";
import { answerChallenge, challengeToken } from "./acme_challenge.ts";
import type { ControlQuestions } from "./control_questions.ts";
import { asksForStats, sendStats } from "./stats_response.ts";
import { runTunnel } from "./tunnel.ts";
import { whyNotForwarded } from "./why_not_forwarded.ts";

/** What the chain works with: one a thread. */
export interface ChainParts extends AttemptParts {
  readonly deadlines: Deadlines;
  readonly stats: ControlQuestions<string>;
  readonly challenges: ControlQuestions<string | null, string>;
  /** Makes the id of a request that brings none. */
  nextId(): string;
  /** The snapshot to serve by, as of now. */
  current(): CompiledSnapshot;
  /** Counts and logs a finished exchange. */
  readonly finish: (exchange: Exchange) => void;
  /** Reports a request, and returns what reports the head of its response; null if neither is reported. */
  announce(exchange: Exchange, received: ReceivedRequest): Announce | null;
  /** Reports what should never happen. */
  broken(exchange: Exchange, error: unknown): void;
  /** Says which rule a request that could not be read broke. */
  unreadable(unreadable: Unreadable, id: string): void;
}

/** Reports the head of a response. */
export type Announce = (head: ResponseHead) => void;

/** What becomes of a request: attempts at targets, or why it is refused; null if it was answered. */
type Way = Attempts | Reason | Unfit | null;

/** One request in the chain, and the snapshot that it is served by from beginning to end. */
interface Passage {
  readonly exchange: Exchange;
  readonly received: ReceivedRequest;
  readonly reply: Reply;
  readonly client: ClientEvents;
  readonly compiled: CompiledSnapshot;
  readonly announce: Announce | null;
  /** Null until it is clear that the request is forwarded. */
  open: OpenExchange | null;
}

/** Serves requests of any engine: check, match, choose, forward, count. */
export class Chain implements RequestHandler {
  readonly #parts: ChainParts;

  constructor(parts: ChainParts) {
    this.#parts = parts;
  }

  /**
   * Waits for all that a request waits for. In one place, since each async function on its way costs a request 500
   * bytes of memory and more.
   */
  async handle(received: ReceivedRequest, reply: Reply, client: ClientEvents): Promise<void> {
    const passage = this.#enter(received, reply, client);
    try {
      const prepared = this.#prepare(passage);
      const way = prepared instanceof Promise ? await prepared : prepared;
      if (way instanceof Attempts) {
        const first = way.first();
        let outcome: TargetResponse | Reason | null = first instanceof Promise ? await first : first;
        while (outcome === null) outcome = way.ended(await way.send());
        if (typeof outcome === "string") await this.#refuse(passage, outcome);
        else if (outcome.status === 101) await this.#tunnel(outcome, passage);
        else {
          const relayed = this.#relay(outcome, passage);
          try {
            await relayed;
          } catch {
            passage.exchange.outcome.cutBy = cutBy(passage.open!);
            reply.cut();
          }
          outcome.close();
        }
      } else if (way !== null) await this.#refuse(passage, way);
    } catch (error) {
      passage.open?.atWork?.abort();
      this.#parts.broken(passage.exchange, error);
      await this.#refuse(passage, "internal_error");
    }
    this.#leave(passage);
  }

  async refuse(unreadable: Unreadable, reply: Reply): Promise<void> {
    const exchange = this.#begin("-", unreadable.peer);
    exchange.received.path = "-";
    this.#parts.unreadable(unreadable, exchange.received.requestId);
    const passage = { exchange, reply, compiled: this.#parts.current(), announce: null, open: null };
    await this.#refuse(passage, unreadable.reason);
    this.#parts.finish(exchange);
  }

  #enter(received: ReceivedRequest, reply: Reply, client: ClientEvents): Passage {
    const exchange = this.#begin(received.method, received.peer);
    exchange.received.lines = received.lines;
    exchange.received.protocol = received.protocol;
    exchange.received.version = received.version;
    const announce = this.#parts.announce(exchange, received);
    return { exchange, received, reply, client, compiled: this.#parts.current(), announce, open: null };
  }

  #begin(method: string, peer: string): Exchange {
    const { column, clock } = this.#parts;
    column.arrived();
    const exchange = new Exchange(method, clock.monotonicMs());
    exchange.received.requestId = this.#parts.nextId();
    exchange.received.peer = exchange.received.client = peerAddress(peer);
    return exchange;
  }

  #prepare(passage: Passage): Way | Promise<Way> {
    const { exchange, received, compiled } = passage;
    const { listener } = compiled.snapshot;
    const malformed = checkRequest(exchange.received, received, listener.upstreamTransport);
    if (malformed !== null) return malformed;
    if (asksForStats(exchange.received, listener)) {
      return sendStats(exchange, this.#parts.stats, ownParts(passage)).then(() => null);
    }
    const token = challengeToken(exchange.received, listener);
    return token === null ? this.#byRule(passage) : this.#answerChallenge(passage, token);
  }

  async #answerChallenge(passage: Passage, token: string): Promise<Way> {
    const { challenges } = this.#parts;
    return await answerChallenge(passage.exchange, { token, challenges, parts: ownParts(passage) })
      ? null
      : this.#byRule(passage);
  }

  #byRule(passage: Passage): Way | Promise<Way> {
    const { exchange, compiled } = passage;
    const planned = plan(exchange, compiled);
    if (typeof planned === "string") return planned;
    if (planned instanceof GroupRuntime) return this.#forward(passage, planned);
    return sendRuleAnswer(exchange, planned, ownParts(passage)).then(() => null);
  }

  #forward(passage: Passage, group: GroupRuntime): Attempts | Reason | Unfit {
    const { exchange, received, reply, client, compiled } = passage;
    const { listener } = compiled.snapshot;
    const said = prepareLines(received, exchange.received, headersFor(exchange.received, compiled));
    exchange.received.identify(said);
    if (listener.headerConvention) exchange.outcome.addResponseHeader("X-Request-Id", exchange.received.requestId);
    const refused = whyNotForwarded(received, said.loop, listener);
    if (refused !== null) return refused;
    const { deadlines } = this.#parts;
    const nowMs = exchange.received.startedMs;
    const open = passage.open = new OpenExchange(exchange, received, { limits: listener, deadlines, client, nowMs });
    const { lines, bodyLength, upgrade } = received;
    const interim: Interim = (head) => reply.interim({ ...head, own: [], bodyLength: 0 });
    const edits = editsOf(compiled.edits, exchange.routed.rule)?.request ?? null;
    const prepared = {
      lines,
      bodyLength,
      own: edits === null || edits.ofTarget ? said.own : edits.apply({ lines, own: said.own }, exchange.received, null),
      edits: edits !== null && edits.ofTarget ? edits : null,
      upgrade,
      ownConnection: said.ownConnection,
      interim,
    };
    return new Attempts({ open, exchange, group, prepared }, this.#parts);
  }

  #relay(response: TargetResponse, passage: Passage): Promise<void> {
    const { exchange, open, reply, announce } = passage;
    const locations = locationsOf(passage);
    return relay(response, { exchange, open: open!, reply, locations, edits: responseEdits(passage), announce });
  }

  #tunnel(response: TargetResponse, passage: Passage): Promise<void> {
    const { exchange, open, reply, received, announce } = passage;
    const upgrade = received.upgrade!;
    const failed = (error: unknown) => this.#parts.broken(exchange, error);
    const edits = responseEdits(passage);
    return runTunnel(response, { exchange, open: open!, reply, upgrade, edits, announce, failed });
  }

  async #refuse(passage: Omit<Passage, "received" | "client">, why: Reason | Unfit): Promise<void> {
    // The limits of its response are the connection's own.
    passage.open?.close();
    if (passage.reply.begun) return passage.reply.cut();
    await ownResponse(passage.exchange, why, ownParts(passage));
  }

  /** Counts and logs a request when its client has the response, or is gone. */
  #leave({ exchange, reply, open }: Passage): void {
    open?.close();
    exchange.received.lines = null;
    if (reply.sent === null) return this.#parts.finish(exchange);
    const finish = () => this.#parts.finish(exchange);
    reply.sent.then(finish, finish);
  }
}

/** Where a response of sluice's own goes, and how it looks. */
function ownParts({ reply, compiled, announce }: Pick<Passage, "reply" | "compiled" | "announce">): OwnResponseParts {
  return { settings: compiled.snapshot.listener, reply, edits: compiled.edits, announce };
}

/** Changes of the headers of a target's response; null for none. */
function responseEdits({ exchange, compiled }: Passage): HeaderEdits | null {
  return editsOf(compiled.edits, exchange.routed.rule)?.response ?? null;
}

/** What addresses in the response are translated by (LOCATION_REWRITE); null if they stay. */
function locationsOf({ exchange, compiled }: Passage): LocationContext | null {
  const { rule, group } = exchange.routed;
  if (!group!.locationRewrite) return null;
  const origin = clientOrigin(exchange.received, headersFor(exchange.received, compiled));
  const { path } = exchange.received;
  return { origin, target: exchange.outcome.target!, rewrite: strippedPrefix(rule!), path };
}

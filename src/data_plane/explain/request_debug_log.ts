import type { GroupBalancer } from "../../balancing/candidates.ts";
import type { ReceivedRequest } from "../../front/received_request.ts";
import type { ResponseHead } from "../../front/reply.ts";
import { shownHeaders, withoutSecrets } from "../../logging/secrets.ts";
import { hostPort, type TargetSnapshot } from "../../state/group_snapshot.ts";
import type { Clock } from "../../time/clock.ts";
import type { Exchange } from "../chain/exchange.ts";
import { headerPairs } from "./header_pairs.ts";

/** Writes one debug event. */
type WriteDebug = (event: string, message: string, fields: Record<string, unknown>) => void;

/** Candidates that a line names, of however many. */
const SHOWN_CANDIDATES = 8;

/**
 * Tells at LOG_LEVEL=debug what happens to each request: the request, the choice of a target, the response. Headers
 * but no bodies: a body is never held, and it belongs to client and target. At any other level none of this stands in
 * the way.
 */
export class RequestDebugLog {
  readonly #debug: WriteDebug;
  readonly #clock: Clock;

  constructor(debug: WriteDebug, clock: Clock) {
    this.#debug = debug;
    this.#clock = clock;
  }

  /** Logs the request. Returns the function that logs the response's head. */
  begin(exchange: Exchange, received: ReceivedRequest): (head: ResponseHead) => void {
    const { target, protocol, host, lines } = received;
    const url = target.startsWith("/") ? `${protocol}://${host ?? ""}${target}` : target;
    // Of sluice's making; a sane one of the client's takes its place later, when headers are read.
    const receivedAs = exchange.received.requestId;
    this.#received(exchange, url, headerPairs(lines));
    return ({ lines, own }) =>
      this.#answered(exchange, [...lines === null ? [] : headerPairs(lines), ...own], receivedAs);
  }

  #received(exchange: Exchange, url: string, headers: Headings): void {
    const message = `Received ${exchange.received.method} ${withoutSecrets(url)} from ${exchange.received.peer}`;
    this.#debug("request_received", message, { id: exchange.received.requestId, headers: shownHeaders(headers) });
  }

  /** Reports the target of an attempt, how busy it was, and how many were as good. */
  selected(
    exchange: Exchange,
    balancer: GroupBalancer,
    { target, key }: { target: TargetSnapshot; key: string },
  ): void {
    const { targets, count, table } = balancer.candidates();
    const scores = balancer.scores(key);
    const own = scores[targets.indexOf(target)] ?? "";
    const equals = own === "" ? 1 : scores.filter((score) => score === own).length;
    const { name, algorithm } = balancer.group;
    const address = hostPort(target.address, target.port);
    this.#debug(
      "target_selected",
      `Selected target ${address} (in flight ${table.inFlight[target.slot]}) of group ${name} by ${algorithm}` +
        (equals > 1 ? `: one of ${equals} with ${own}` : ""),
      {
        id: exchange.received.requestId,
        target: address,
        attempt: exchange.outcome.attempts.length + 1,
        eligible: count,
        candidates: targets.slice(0, SHOWN_CANDIDATES).map((each, i) => ({
          target: hostPort(each.address, each.port),
          score: scores[i],
        })),
      },
    );
  }

  /** Reports the response. @param receivedAs The id that the request was received under. */
  #answered(exchange: Exchange, responseHeaders: Headings, receivedAs: string): void {
    const { method, path, query, startedMs, requestId } = exchange.received;
    const { status, reason, target, attempts } = exchange.outcome;
    const ms = Math.round((this.#clock.monotonicMs() - startedMs) * 1000) / 1000;
    const from = reason === null && target !== null ? hostPort(target.address, target.port) : "sluice";
    this.#debug(
      "request_answered",
      `Answered ${method} ${withoutSecrets(path + query)} with ${status}${
        reason === null ? "" : ` ${reason}`
      } from ${from} in ${ms} ms`,
      {
        id: requestId,
        ...(receivedAs === requestId ? {} : { receivedAs }),
        attempts: attempts.map((attempt) => ({
          target: hostPort(attempt.target.address, attempt.target.port),
          reason: attempt.reason,
          detail: attempt.detail === null ? null : withoutSecrets(attempt.detail),
          ms: Math.round(attempt.micros) / 1000,
        })),
        headers: shownHeaders(responseHeaders),
      },
    );
  }
}

type Headings = Iterable<readonly [string, string]>;

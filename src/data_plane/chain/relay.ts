import type { Reply, ResponseHead } from "../../front/reply.ts";
import type { BodySource } from "../../http1/body_source.ts";
import type { Bytes } from "../../http1/bytes.ts";
import { dropListed } from "../../forwarding/headers/request_lines.ts";
import type { TargetResponse } from "../../forwarding/target_request.ts";
import { Kind } from "../../http1/field_kind.ts";
import { shortestLength } from "../../http1/framing.ts";
import { setsCookie } from "../../balancing/cookies.ts";
import type { CutBy, Exchange } from "./exchange.ts";
import type { HeaderEdits } from "./header_edits.ts";
import { clientRefresh, clientUrl, type LocationContext } from "./location_rewrite.ts";
import type { OpenExchange } from "./open_exchange.ts";

/** What relaying a response to the client needs. */
export interface RelayParts {
  readonly exchange: Exchange;
  readonly open: OpenExchange;
  readonly reply: Reply;
  /** What addresses are translated by (LOCATION_REWRITE); null if they stay. */
  readonly locations: LocationContext | null;
  /** Changes of the response's headers; null for none. */
  readonly edits: HeaderEdits | null;
  /** Called with the response's head when sluice begins to send it; null if it is not reported. */
  readonly announce: ((head: ResponseHead) => void) | null;
}

/** Takes a target's response to the client. Rejects if it can't be taken to its end. */
export function relay(response: TargetResponse, parts: RelayParts): Promise<void> {
  const { exchange, open, reply, announce } = parts;
  const { status } = response;
  const own = responseLines(response, exchange, parts);
  const bodyLength = response.body === null ? Math.max(response.contentLength, 0) : response.contentLength;
  const head = { status, phrase: response.phrase, lines: response.lines, own, bodyLength };
  exchange.outcome.status = reply.head(head);
  // If the engine had to choose another status, that one has no body.
  const body = exchange.outcome.status === status ? response.body : null;
  announce?.(head);
  open.begin(reply);
  open.waitsFor = "client";
  if (body === null) return reply.end();
  // Nearly every small response is here whole.
  const piece = body.readNow?.() ?? null;
  if (piece === null || !body.done) return relayPieces(body, piece, { exchange, open, reply });
  exchange.outcome.responseBytes += piece.length;
  return reply.end(piece, body.trailers);
}

/** Takes a body to the client piece by piece: read, count, write. */
async function relayPieces(
  body: BodySource,
  first: Bytes | null,
  { exchange, open, reply }: Pick<RelayParts, "exchange" | "open" | "reply">,
): Promise<void> {
  for (let piece = first;;) {
    if (piece === null) {
      open.waitsFor = "target";
      piece = await body.read();
      open.waitsFor = "client";
    }
    if (piece !== null) {
      exchange.outcome.responseBytes += piece.length;
      open.moved();
    }
    if (piece === null || body.done) return await reply.end(piece, body.trailers);
    await reply.write(piece);
    piece = null;
  }
}

/** Says which side ended an exchange after its response had begun. */
export function cutBy({ over, waitsFor }: OpenExchange): CutBy {
  if (over === null) return waitsFor;
  if (over.reason === "shutting_down") return "shutdown";
  if (over.reason === "timeout") return waitsFor === "target" ? "idle" : "client";
  return "client";
}

/** Drops the lines that concern one connection, and gives those of sluice's own. */
export function responseLines(
  response: TargetResponse,
  { received, routed, outcome }: Exchange,
  { locations, edits }: Pick<RelayParts, "locations" | "edits">,
): [string, string][] {
  const { lines, status } = response;
  const own: [string, string][] = [];
  let pins = routed.pinsWith === null;
  for (let line = 0; line < lines.count; line++) {
    switch (lines.kind(line)) {
      case Kind.Other:
        break;
      case Kind.Connection:
      case Kind.HopByHop:
      case Kind.Te:
      case Kind.TransferEncoding:
        lines.drop(line);
        break;
      case Kind.Upgrade:
        // A 426 says in its Upgrade what would be welcome instead (RFC 9110 section 15.5.22).
        if (status === 426) own.push(["Connection", "upgrade"], ["Upgrade", lines.value(line)]);
        lines.drop(line);
        break;
      case Kind.ContentLength: {
        const value = lines.value(line);
        const shortest = shortestLength(value);
        if (status === 204) lines.drop(line);
        else if (shortest !== value) {
          lines.drop(line);
          own.push(["Content-Length", shortest]);
        }
        break;
      }
      case Kind.SetCookie:
        pins ||= setsCookie(lines.value(line), routed.pinsWith!);
        break;
      case Kind.Location: {
        if (locations === null) break;
        const value = lines.value(line);
        const name = lines.name(line);
        const translated = name === "refresh" ? clientRefresh(value, locations) : clientUrl(value, locations);
        if (translated === null) break;
        lines.drop(line);
        own.push([name, translated]);
      }
    }
  }
  if (lines.has(Kind.Connection)) dropListed(lines);
  // Nothing follows a 205 (RFC 9110 section 15.3.6), and a client must be told so.
  if (status === 205 && response.contentLength < 0) own.push(["Content-Length", "0"]);
  if (outcome.extraResponseHeaders !== null) own.push(...outcome.extraResponseHeaders);
  const edited = edits === null ? own : edits.apply({ lines, own }, received, outcome.target);
  // The target has responded: from now on its client is pinned to it, if a cookie does that.
  if (pins && routed.pinCookie !== null) edited.push(["Set-Cookie", routed.pinCookie]);
  if (routed.rulePin !== null) edited.push(["Set-Cookie", routed.rulePin]);
  return edited;
}

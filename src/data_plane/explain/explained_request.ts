import { Buffer } from "node:buffer";
import type { FrontConfig, ListenerConfig } from "../../config/model.ts";
import type { ReceivedRequest } from "../../front/received_request.ts";
import { ServeRequest } from "../../front/serve/serve_request.ts";
import { reasonOf } from "../../front/wire/head_refusal.ts";
import { WireRequest } from "../../front/wire/wire_request.ts";
import { ByteLines } from "../../http1/field_lines.ts";
import { BadHead, readRequestHead } from "../../http1/request_head.ts";
import { authorityOf, type ExplainRequest } from "../../views/explanation.ts";
import { whyNotForwarded } from "../chain/why_not_forwarded.ts";
import { headLimits } from "../head_limits.ts";

/** The client's address in an explanation, which comes from nowhere. */
const EXPLAINED_CLIENT = "127.0.0.1";

/**
 * Makes of a question what the listener's engine would hand to the chain: a request without a body, with Host from the
 * headers or from an absolute URL. Returns why, if the engine would refuse its head.
 *
 * @param protocol How the client would have come.
 */
export function receivedBy(
  front: FrontConfig,
  question: ExplainRequest,
  protocol: "http" | "https",
): ReceivedRequest | BadHead {
  const peer = question.clientIp ?? EXPLAINED_CLIENT;
  const headers = question.headers.some(([name]) => name.toLowerCase() === "host")
    ? question.headers
    : [["host", authorityOf(question.url) ?? "localhost"] as const, ...question.headers];
  return front.engine === "serve"
    ? served({ ...question, headers }, peer)
    : wired(front, { ...question, headers }, { peer, protocol });
}

/** Tells why a head is refused, in the words of the closed list and exactly. */
export function refusalOf(refused: BadHead) {
  return { reason: reasonOf(refused), status: refused.status, text: refused.rule };
}

/** Says of a request that the engine serve can't give to a target unchanged if the engine wire can: a line, or none. */
export function wireWouldPass(listener: ListenerConfig, question: ExplainRequest): string[] {
  const other = receivedBy({ ...listener.front, engine: "wire" }, question, "http");
  return other instanceof BadHead || whyNotForwarded(other, false, listener) !== null
    ? []
    : ["LISTENER_ENGINE=wire would pass it on to a target"];
}

/** As `Deno.serve` would hand it over: the URL raw, and absolute. */
function served({ method, url, headers: lines }: ExplainRequest, peer: string): ServeRequest {
  const headers = joined(lines);
  const absolute = url.startsWith("/") ? `http://${headers.get("host")}${url}` : url;
  return new ServeRequest({ method, url: absolute, headers, body: null }, peer, null);
}

/**
 * As the platform gives them: several Cookie lines are one list of cookies (RFC 9113 section 8.2.3), others one of
 * values.
 */
function joined(lines: ExplainRequest["headers"]): Headers {
  const headers = new Headers();
  for (const [name, value] of lines) {
    const before = name.toLowerCase() === "cookie" ? headers.get("cookie") : null;
    if (before === null) headers.append(name, value);
    else headers.set("cookie", `${before}; ${value}`);
  }
  return headers;
}

/** As sluice's own engine reads it from a socket. */
function wired(
  front: FrontConfig,
  { method, url, headers }: ExplainRequest,
  { peer, protocol }: { readonly peer: string; readonly protocol: "http" | "https" },
): WireRequest | BadHead {
  // A client would send several bytes for each such character, all of them refused.
  const target = url.replace(/[^\x20-\x7e]/g, "\xff");
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  const bytes = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1");
  const limits = headLimits(front);
  try {
    const head = readRequestHead(bytes, { start: 0, end: bytes.length, lines: new ByteLines(), limits });
    if (bytes.length > limits.bytes) throw new BadHead(431, `a head of more than ${limits.bytes} bytes`);
    return new WireRequest(head, peer, protocol, null);
  } catch (error) {
    if (error instanceof BadHead) return error;
    throw error;
  }
}

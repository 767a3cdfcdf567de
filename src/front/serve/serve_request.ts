import { UNANNOUNCED } from "../../http1/body_source.ts";
import type { Bytes } from "../../http1/bytes.ts";
import { Kind } from "../../http1/field_kind.ts";
import { TextLines } from "../../http1/field_lines.ts";
import { parseLength } from "../../http1/framing.ts";
import { isHost } from "../../http1/request_head.ts";
import type { Reason } from "../../state/reason.ts";
import type { ReceivedRequest, Unfit } from "../received_request.ts";
import { type Origin, PLAIN } from "./origin.ts";
import { type BodyLimit, ServeBody } from "./serve_body.ts";
import { handshakeProblem, type UpgradeKind, upgradeKind } from "../websocket/upgrade_kind.ts";

/** What of a `Request` is read. */
export type PlatformRequest = Pick<Request, "method" | "url" | "headers" | "body">;

/**
 * Methods that the platform's `fetch` turns into capitals (Fetch Standard, "normalize a method"). Methods are
 * case-sensitive (RFC 9110 section 9.1), so `get` is not `GET`, and can't be passed on unchanged.
 */
const NORMALIZED = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);

/** A request as `Deno.serve` hands it over: its head is parsed, its URL put together from Host and target. */
export class ServeRequest implements ReceivedRequest {
  readonly method: string;
  /** The URL: an absolute one, whatever the client sent. */
  readonly target: string;
  readonly host: string | null;
  readonly peer: string;
  readonly protocol: Origin["protocol"];
  readonly version: Origin["version"];
  readonly lines = new TextLines();
  readonly bodyLength: number;
  readonly body: ServeBody | null;
  /** The platform sends `100 Continue` by itself. */
  readonly awaitsContinue = false;
  readonly #kind: UpgradeKind;
  readonly #coded: boolean;
  #oddName = false;

  /** @param limit Watches the reading of a body; null if none will be read. */
  constructor(request: PlatformRequest, peer: string, limit: BodyLimit | null, origin: Origin = PLAIN) {
    const { method, url, headers } = request;
    const { lines } = this;
    let host: string | null = null;
    let length = "";
    let coding = "";
    // forEach is the cheapest way through Headers on this platform (docs/performance.md).
    headers.forEach((given, name) => {
      const value = withoutBlanks(given);
      switch (lines.add(name, value)) {
        case Kind.Other:
          // Of all that is no token (RFC 9110 section 5.6.2), the platform lets this alone pass, in HTTP/2.
          if (name.includes('"')) this.#oddName = true;
          break;
        case Kind.Host:
          host = value;
          break;
        case Kind.ContentLength:
          length = value;
          break;
        case Kind.TransferEncoding:
          coding = value;
      }
    });
    this.method = method;
    this.target = url;
    this.protocol = origin.protocol;
    this.version = origin.version;
    this.host = origin.protocol === "https" ? hostOrAuthority(host, url) : host;
    this.peer = peer;
    this.#kind = lines.has(Kind.Upgrade) ? upgradeKind(method, lines) : "none";
    this.#coded = coding !== "" && coding.trim().toLowerCase() !== "chunked";
    this.bodyLength = coding !== "" ? -1 : length !== "" ? parseLength(length) : unannounced(request);
    this.body = this.bodyLength === 0 || this.#isBodiless || limit === null || request.body === null
      ? null
      : new ServeBody(request.body as ReadableStream<Bytes>, this.bodyLength, limit);
  }

  get upgrade(): string | null {
    return this.#kind === "websocket" ? "websocket" : null;
  }

  /**
   * `Deno.serve` builds the URL from the Host header without looking at it (`Host: a/evil` would put `/evil` into the
   * path), and invents one if there is no Host. So Host is checked first.
   */
  get malformed(): Reason | null {
    const { method, target, host } = this;
    if (!keepsCase(method)) return "method_refused";
    if (host === null || !isHost(host) || this.#oddName) return "bad_request";
    const path = target.indexOf("/", 8);
    // Such is `GET *` in HTTP/2: `https://host*`.
    if (path < 0 && target.endsWith("*")) return "bad_request";
    const after = path < 0 ? 0 : target.charCodeAt(path + 1);
    if (after === STAR) return method === "OPTIONS" && path + 2 === target.length ? "bad_request" : null;
    return (after | 32) === LETTER_H && isUrlWithoutHost(target.slice(path)) ? "bad_request" : null;
  }

  unfit(): Unfit | null {
    if (this.#kind === "refuse") return { reason: "upgrade_refused", detail: null };
    if (Number.isNaN(this.bodyLength) || this.#coded) return NOT_WHOLE;
    // The platform does not give access to such a body.
    if (this.bodyLength !== 0 && this.#isBodiless) return NOT_WHOLE;
    return this.#kind === "websocket" ? handshakeProblem(this.lines) : null;
  }

  get #isBodiless(): boolean {
    return this.method === "GET" || this.method === "HEAD";
  }
}

/**
 * The host that a request with TLS asks for; null if two are named. In HTTP/2 it is `:authority`, which the platform
 * puts into the URL; a Host beside it must say the same (RFC 9113 section 8.3.1). In HTTP/1.1 the URL has Host in it,
 * or the host of an absolute target, which Host must repeat (RFC 9112 section 3.2).
 */
function hostOrAuthority(host: string | null, url: string): string | null {
  const start = url.indexOf("//") + 2;
  let end = url.indexOf("/", start);
  if (end < 0) end = url.length;
  const authority = url.slice(start, end);
  return host === null || host === authority || host.toLowerCase() === authority.toLowerCase() ? authority : null;
}

/**
 * A value without the blanks around it, which HTTP/2 forbids (RFC 9113 section 8.2.1) and the platform lets pass: to a
 * target, which reads HTTP/1.1, they are not part of the value.
 */
function withoutBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return start === 0 && end === value.length ? value : value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

const NOT_WHOLE: Unfit = { reason: "bad_request", detail: "The body can't be passed on unchanged" };
const SPACE = 0x20;
const TAB = 0x09;
const STAR = 0x2a;
const LETTER_H = 0x68;

function unannounced({ method, body }: PlatformRequest): number {
  return method === "GET" || method === "HEAD" || body === null ? 0 : UNANNOUNCED;
}

/** Tells whether the platform hands a method over, and a target gets it, as it came. */
function keepsCase(method: string): boolean {
  if (method === "GET" || method === "POST") return true;
  const capitals = method.toUpperCase();
  return capitals === method || !NORMALIZED.has(capitals);
}

/**
 * Tells whether a path stands for an absolute URL without a host (`http:///a`, `http://?q`), which RFC 9110 section
 * 4.2.1 wants refused: the platform takes all of such a URL for a path. A path that begins like that in earnest can't
 * be told from it.
 */
function isUrlWithoutHost(target: string): boolean {
  const start = target.slice(1, 9).toLowerCase();
  const length = start.startsWith("http://") ? 7 : start === "https://" ? 8 : 0;
  if (length === 0) return false;
  const next = target.charAt(length + 1);
  return next === "" || next === "/" || next === "?";
}

import { Kind } from "../../http1/field_kind.ts";
import type { FieldLines } from "../../http1/field_lines.ts";
import { UNANNOUNCED } from "../../http1/body_source.ts";
import { isHost } from "../../http1/request_head.ts";
import type { Reason } from "../../state/reason.ts";
import type { ReceivedRequest } from "../received_request.ts";
import type { RequestFields } from "./request_fields.ts";
import type { StreamBody } from "./stream_body.ts";

const SLASH = 47;

/** A request of HTTP/2. */
export class Http2Request implements ReceivedRequest {
  readonly method: string;
  readonly target: string;
  readonly host: string | null;
  readonly peer: string;
  readonly protocol = "https";
  readonly version = "HTTP/2";
  readonly lines: FieldLines;
  readonly bodyLength: number;
  readonly body: StreamBody | null;
  readonly malformed: Reason | null;
  /** HTTP/2 has no Upgrade, and WebSocket over it (RFC 8441) is not offered. */
  readonly upgrade = null;

  /** @param body What has come of it so far; null if there is none. */
  constructor(fields: RequestFields, peer: string, body: StreamBody | null) {
    const { lines, length, authority, host } = fields;
    this.method = fields.method;
    this.target = fields.path ?? "";
    this.peer = peer;
    this.lines = lines;
    this.host = authority ?? host;
    this.malformed = fields.excess ?? (isServed(fields) ? null : "bad_request");
    if (body !== null && length < 0 && body.ended && body.trailers === null) {
      // A target is told what is known by now.
      this.bodyLength = body.length;
      if (body.length > 0) lines.add("content-length", String(body.length));
    } else this.bodyLength = body === null ? 0 : length < 0 ? UNANNOUNCED : length;
    this.body = this.bodyLength === 0 ? null : body;
  }

  get awaitsContinue(): boolean {
    return this.lines.has(Kind.Expect);
  }

  unfit(): null {
    return null;
  }
}

/**
 * Tells whether a request names one host, and what it wants of it. Host may stand beside `:authority` if it says the
 * same (RFC 9113 section 8.3.1). `:scheme` says nothing: a client of this port uses https.
 */
function isServed({ method, path, scheme, authority, host }: RequestFields): boolean {
  if (method === "CONNECT") return true;
  const named = authority ?? host;
  if (named === null || !isHost(named)) return false;
  if (authority !== null && host !== null && host !== authority && host.toLowerCase() !== authority.toLowerCase()) {
    return false;
  }
  const isHttp = scheme === "https" || scheme === "http";
  return isHttp && (path!.charCodeAt(0) === SLASH || (path === "*" && method === "OPTIONS"));
}

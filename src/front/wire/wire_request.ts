import { Kind } from "../../http1/field_kind.ts";
import { lists, type RequestHead } from "../../http1/request_head.ts";
import type { FieldLines } from "../../http1/field_lines.ts";
import type { HttpVersion, ReceivedRequest, Unfit } from "../received_request.ts";
import type { RequestBody } from "./request_body.ts";

/**
 * Offers of HTTP itself (`h2c`, `HTTP/2.0`) and of TLS for it are passed over: behind them requests would go through
 * that no rule was asked for.
 */
const HTTP_AGAIN = /(?:^|,)[ \t]*(?:h2|http|tls)/i;

/** A request as it was read from a socket. */
export class WireRequest implements ReceivedRequest {
  readonly method: string;
  readonly target: string;
  /** The 0 of HTTP/1.0, which knows neither Expect nor Upgrade. */
  readonly minor: 0 | 1;
  readonly host: string | null;
  readonly peer: string;
  readonly protocol: "http" | "https";
  readonly lines: FieldLines;
  readonly connection: string | null;
  readonly bodyLength: number;
  readonly body: RequestBody | null;

  constructor(head: RequestHead, peer: string, protocol: "http" | "https", body: RequestBody | null) {
    this.method = head.method;
    this.target = head.target;
    this.minor = head.minor;
    this.host = head.host;
    this.lines = head.lines;
    this.connection = head.connection;
    this.bodyLength = head.bodyLength;
    this.peer = peer;
    this.protocol = protocol;
    this.body = body;
  }

  get version(): HttpVersion {
    return this.minor === 1 ? "HTTP/1.1" : "HTTP/1.0";
  }

  get awaitsContinue(): boolean {
    return this.minor === 1 && this.lines.has(Kind.Expect);
  }

  /**
   * With a body it is left out (RFC 9110 section 7.8): the new protocol's bytes would follow a body still on its way.
   */
  get upgrade(): string | null {
    if (this.minor === 0 || this.bodyLength !== 0 || !this.lines.has(Kind.Upgrade)) return null;
    const protocols = this.lines.get("upgrade")!;
    return lists(this.connection ?? "", "upgrade") && !HTTP_AGAIN.test(protocols) ? protocols : null;
  }

  get malformed(): null {
    return null;
  }

  unfit(): Unfit | null {
    return null;
  }

  /** The client takes trailers. */
  get takesTrailers(): boolean {
    if (!this.lines.has(Kind.Te)) return false;
    return lists(this.lines.get("te") ?? "", "trailers");
  }
}

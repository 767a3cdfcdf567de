import { Kind } from "../../http1/field_kind.ts";
import { lists, type RequestHead } from "../../http1/request_head.ts";
import type { FieldLines } from "../../http1/field_lines.ts";
import type { ReceivedRequest } from "../received_request.ts";
import type { RequestBody } from "./request_body.ts";

/** A request as it was read from a socket. */
export class WireRequest implements ReceivedRequest {
  readonly method: string;
  readonly target: string;
  readonly version: "1.0" | "1.1";
  /** Of HTTP/1. */
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
    this.version = head.minor === 0 ? "1.0" : "1.1";
    this.host = head.host;
    this.lines = head.lines;
    this.connection = head.connection;
    this.bodyLength = head.bodyLength;
    this.peer = peer;
    this.protocol = protocol;
    this.body = body;
  }

  /** The client takes trailers. */
  get takesTrailers(): boolean {
    if (!this.lines.has(Kind.Te)) return false;
    return lists(this.lines.get("te") ?? "", "trailers");
  }
}

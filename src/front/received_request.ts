import type { BodySource } from "../http1/body_source.ts";
import type { FieldLines } from "../http1/field_lines.ts";

/** A client's request, as the chain asks for it, whatever engine received it. */
export interface ReceivedRequest {
  readonly method: string;
  /** The request target as it came: a path with its query, an absolute URL, or `*`. */
  readonly target: string;
  readonly version: "1.0" | "1.1" | "2";
  /** The Host header; null if there is none. */
  readonly host: string | null;
  /** Address of the peer. */
  readonly peer: string;
  readonly protocol: "http" | "https";
  readonly lines: FieldLines;
  /** Content-Length; -1 if the length is not known, 0 if there is no body. */
  readonly bodyLength: number;
  readonly body: BodySource | null;
}

import { Kind, kindOf } from "../../http1/field_kind.ts";
import { TextLines } from "../../http1/field_lines.ts";
import { parseLength } from "../../http1/framing.ts";
import type { HeadLimits } from "../../http1/request_head.ts";
import { isFieldValue, isToken } from "../../http1/tokens.ts";
import type { Reason } from "../../state/reason.ts";
import { isFieldName } from "./field_name.ts";

const COLON = 58;
const SPACE = 32;
const TAB = 9;
/** A colon, a blank and the line's end, as HTTP/1.1 would write a line. */
const LINE_BYTES = 4;
/** What HTTP/1.1 would write in a request line beside method and path. */
const REQUEST_LINE_BYTES = 12;

/**
 * The fields of one request, as they come out of its header block (RFC 9113 section 8.3). What that section and 8.2
 * forbid makes the request malformed; what exceeds a limit is only counted, for the block must be read to its end.
 */
export class RequestFields {
  method = "";
  path: string | null = null;
  scheme: string | null = null;
  authority: string | null = null;
  /** The Host field; null if there is none. */
  host: string | null = null;
  readonly lines = new TextLines({ joined: false });
  /** Content-Length; -1 if there is none. */
  length = -1;
  /** Bytes of the head, as HTTP/1.1 would write it. */
  bytes = 0;
  /** Which rule is broken; null if none is. */
  malformed: string | null = null;
  /** The client takes trailers. */
  takesTrailers = false;
  readonly #limits: HeadLimits;
  #count = 0;
  #cookie: string | null = null;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
  }

  /** Which limit is exceeded; null if none is. */
  get excess(): Reason | null {
    const { bytes, lines, lineBytes } = this.#limits;
    const line = this.method.length + (this.path === null ? 0 : this.path.length) + REQUEST_LINE_BYTES;
    if (line > lineBytes) return "uri_too_long";
    return this.bytes > bytes || this.#count > lines ? "head_too_large" : null;
  }

  /** Takes the next field. */
  take(name: string, value: string): void {
    this.bytes += name.length + value.length + LINE_BYTES;
    if (this.malformed !== null) return;
    if (name.charCodeAt(0) === COLON) return this.#takePseudo(name, value);
    if (++this.#count > this.#limits.lines || this.bytes > this.#limits.bytes) return;
    if (!isFieldName(name)) this.malformed = "sent a field name that is none";
    else if (!isFieldValue(value) || hasBlanks(value)) this.malformed = "sent a field value that is none";
    else this.#takeField(name, value, kindOf(name));
  }

  /** All fields were taken: checks the request as a whole. */
  end(): void {
    // RFC 9113 section 8.2.3: a client may cut its cookies into several fields.
    if (this.#cookie !== null) this.lines.add("cookie", this.#cookie);
    if (this.malformed !== null) return;
    if (this.method === "") this.malformed = "sent no :method";
    else if (this.method !== "CONNECT" && (this.scheme === null || this.path === null || this.path === "")) {
      this.malformed = "sent no :scheme or no :path";
    }
  }

  #takePseudo(name: string, value: string): void {
    if (this.#count > 0) this.malformed = "sent a pseudo-header field behind other fields";
    else if (name === ":method" && this.method === "" && isToken(value)) this.method = value;
    else if (name === ":path" && this.path === null && isVisible(value)) this.path = value;
    else if (name === ":scheme" && this.scheme === null) this.scheme = value;
    else if (name === ":authority" && this.authority === null && isFieldValue(value)) this.authority = value;
    else this.malformed = "sent a pseudo-header field that is unknown, malformed, or the second of its name";
  }

  #takeField(name: string, value: string, kind: Kind): void {
    switch (kind) {
      case Kind.Cookie:
        this.#cookie = this.#cookie === null ? value : `${this.#cookie}; ${value}`;
        return;
      case Kind.Connection:
      case Kind.TransferEncoding:
      case Kind.Upgrade:
        this.malformed = `sent ${name}, which HTTP/2 has not`;
        return;
      case Kind.HopByHop:
        if (name !== "trailer") this.malformed = `sent ${name}, which HTTP/2 has not`;
        break;
      case Kind.Te:
        if (value.toLowerCase() === "trailers") this.takesTrailers = true;
        else this.malformed = "sent a TE other than trailers";
        break;
      case Kind.Host:
        // Two of them can't both be what :authority says.
        if (this.host === null) this.host = value;
        else this.malformed = "sent two Hosts";
        break;
      case Kind.ContentLength:
        if (this.length >= 0 || !Number.isSafeInteger(this.length = parseLength(value))) {
          this.malformed = "sent a malformed content-length, or two";
        }
    }
    this.lines.add(name, value, kind);
  }
}

/** RFC 9113 section 8.2.1: a value neither begins nor ends with a blank. */
function hasBlanks(value: string): boolean {
  if (value === "") return false;
  return isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1));
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** Printable ASCII alone, as in a request line of HTTP/1.1: other bytes have no place in a URI (RFC 3986). */
function isVisible(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= SPACE || code >= 127) return false;
  }
  return true;
}

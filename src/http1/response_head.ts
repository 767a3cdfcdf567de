import type { Bytes } from "./bytes.ts";
import { ByteLines } from "./field_lines.ts";
import { Framing, shortestLength } from "./framing.ts";
import { HeadFinder } from "./head_finder.ts";
import { Malformed } from "./malformed.ts";
import { checkBeginning, readResponseHead } from "./response_lines.ts";

/** Interim responses (1xx) before the final one; a target that sends more never comes to the point. */
const MAX_INTERIM = 16;

/** The head of a response: what it says, and how its message is framed. */
export class ResponseHead extends Framing {
  readonly status: number;
  /** Name, value, name, value ... */
  readonly #fields: string[] = [];

  constructor(status: number, minor: number) {
    super(minor);
    this.status = status;
  }

  /** Adds a header, its name in lower case. */
  add(name: string, value: string): void {
    this.#fields.push(name, value);
  }

  /** The value of a header, several of one name joined by a comma; null if there is none. */
  get(name: string): string | null {
    const fields = this.#fields;
    let found: string | null = null;
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] === name) found = found === null ? fields[i + 1]! : `${found}, ${fields[i + 1]}`;
    }
    return found;
  }

  /** Visits each header in order; several of one name stay several. */
  forEach(visit: (value: string, name: string) => void): void {
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i += 2) visit(fields[i + 1]!, fields[i]!);
  }
}

/**
 * Reads the head of the final response out of what a connection brought. Traffic, probes and the load test read with
 * it, so that none of them accepts what another refuses.
 */
export class ResponseHeadReader extends HeadFinder {
  #interim = 0;

  /**
   * Returns the head, or null if more bytes are needed. What stands before `start` afterwards is read: the head that
   * was returned, or interim responses. Throws {@linkcode Malformed}.
   */
  read(bytes: Bytes, end: number): ResponseHead | null {
    for (;;) {
      checkBeginning(bytes, this.start, end);
      const headEnd = this.find(bytes, end);
      if (headEnd < 0) return null;
      const head = parseResponseHead(bytes, this.start, headEnd);
      this.restart(headEnd);
      if (head.status >= 200) return head;
      // This reader is not used after a request for an upgrade.
      if (head.status === 101) throw new Malformed("switched protocols without being asked to");
      if (++this.#interim > MAX_INTERIM) throw new Malformed(`sent more than ${MAX_INTERIM} interim responses`);
    }
  }
}

const lines = new ByteLines();

/** Parses a whole head, from `start` to where {@linkcode HeadFinder} found its end. Throws {@linkcode Malformed}. */
function parseResponseHead(bytes: Bytes, start: number, end: number): ResponseHead {
  const { status, minor, contentLength, chunked, connection } = readResponseHead(bytes, { start, end, lines });
  const head = new ResponseHead(status, minor);
  head.contentLength = contentLength;
  head.chunked = chunked;
  if (connection !== null) head.readConnection(connection);
  lines.forEach((name, value) => head.add(name, name === "content-length" ? shortestLength(value) : value));
  return head;
}

/** One request as another reader understands it: text throughout, one character a byte. */
export interface OracleRequest {
  readonly method: string;
  readonly target: string;
  readonly minor: number;
  /** Names in lower case, values without the blanks around them, in their order. */
  readonly lines: readonly (readonly [string, string])[];
  /** The data of the body, as far as they are sound. */
  readonly body: string;
  /** Trailer lines as they came. */
  readonly trailers: string;
  /** `whole`; `broken`: the body breaks a rule; `cut`: it ends too early. */
  readonly end: "whole" | "broken" | "cut";
  readonly keepAlive: boolean;
}

/** What a connection's bytes mean, and how they end. */
export interface OracleVerdict {
  readonly requests: readonly OracleRequest[];
  /**
   * `end`: nothing is left, or nothing is read any more; `refused`: the next head breaks a rule; `part`: a head that is
   * not whole, which may be refused for what came of it, or not.
   */
  readonly then: "end" | "refused" | "part";
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const VALUE = "[\\t\\x20-\\x7e\\x80-\\xff]*";
const HEAD = new RegExp(`^(${TOKEN}) ([\\x21-\\x7e]+) HTTP/1\\.([01])\\r\\n((?:${TOKEN}:${VALUE}\\r\\n)*)\\r\\n$`);
const SIZE = new RegExp(`([0-9A-Fa-f]+)(?:;${VALUE})?\\r\\n`, "y");
const TRAILERS = new RegExp(`((?:${TOKEN}:${VALUE}\\r\\n)*)\\r\\n`, "y");
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/;
const NO_TRAILER =
  /^(?:host|connection|keep-alive|proxy-connection|trailer|te|transfer-encoding|upgrade|content-length|expect):/im;

/**
 * Reads all that a client sent on one connection, in the plainest way: by regular expressions over the whole text, with
 * none of the code of sluice. What it says is what RFC 9112 says where it leaves no choice, and what docs/engines.md
 * says where it does.
 */
export function readAll(text: string): OracleVerdict {
  const requests: OracleRequest[] = [];
  let rest = text;
  for (;;) {
    const emptyLines = /^(?:\r\n)*/.exec(rest)![0].length / 2;
    if (emptyLines > 4) return { requests, then: "refused" };
    rest = rest.slice(emptyLines * 2);
    if (rest === "") return { requests, then: "end" };
    const headEnd = rest.indexOf("\r\n\r\n") + 4;
    if (headEnd < 4) return { requests, then: "part" };
    const head = readHead(rest.slice(0, headEnd));
    if (head === null) return { requests, then: "refused" };
    const body = readBody(rest.slice(headEnd), head);
    const { keepAlive, method, target, minor, lines } = head;
    const { length, ...facts } = body;
    requests.push({ method, target, minor, lines, keepAlive, ...facts });
    if (facts.end !== "whole" || !keepAlive) return { requests, then: "end" };
    rest = rest.slice(headEnd + length);
  }
}

interface OracleHead {
  readonly method: string;
  readonly target: string;
  readonly minor: number;
  readonly lines: readonly (readonly [string, string])[];
  readonly length: number | null;
  readonly chunked: boolean;
  readonly keepAlive: boolean;
}

function readHead(text: string): OracleHead | null {
  const match = HEAD.exec(text);
  if (match === null) return null;
  const [, method, target, minorText, block] = match as unknown as [string, string, string, string, string];
  const minor = Number(minorText);
  const lines = block.split("\r\n").slice(0, -1).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")] as const;
  });
  const all = (name: string) => lines.filter(([each]) => each === name).map(([, value]) => value);
  const [hosts, lengths, codings] = [all("host"), all("content-length"), all("transfer-encoding")];
  const options = all("connection").join(",").split(",").map((option) => option.trim().toLowerCase());
  if (lines.length > 128 || hosts.length > 1 || (hosts.length === 0 && minor === 1)) return null;
  if (hosts.some((host) => !HOST.test(host))) return null;
  if (lengths.length > 1 || lengths.some((length) => !/^[0-9]+$/.test(length))) return null;
  const length = lengths.length === 0 ? null : Number(lengths[0]);
  if (length !== null && length > Number.MAX_SAFE_INTEGER) return null;
  if (codings.length > 1 || codings.some((coding) => coding.toLowerCase() !== "chunked")) return null;
  if (codings.length > 0 && (minor === 0 || lengths.length > 0)) return null;
  const closes = options.includes("close");
  const keepAlive = !closes && (minor === 1 || options.includes("keep-alive"));
  return { method, target, minor, lines, length, chunked: codings.length > 0, keepAlive };
}

type OracleBody = Pick<OracleRequest, "body" | "trailers" | "end"> & { readonly length: number };

function readBody(text: string, { length, chunked }: OracleHead): OracleBody {
  if (!chunked) {
    const body = text.slice(0, length ?? 0);
    return { body, trailers: "", end: body.length === (length ?? 0) ? "whole" : "cut", length: body.length };
  }
  let body = "";
  for (let at = 0;;) {
    SIZE.lastIndex = at;
    const size = SIZE.exec(text);
    const bytes = size === null ? NaN : parseInt(size[1]!, 16);
    if (size === null || bytes > Number.MAX_SAFE_INTEGER) return { body, trailers: "", end: "broken", length: at };
    at = SIZE.lastIndex;
    if (bytes === 0) {
      TRAILERS.lastIndex = at;
      const trailers = TRAILERS.exec(text)?.[1];
      const bad = trailers === undefined || NO_TRAILER.test(trailers);
      return bad
        ? { body, trailers: "", end: "broken", length: at }
        : { body, trailers, end: "whole", length: TRAILERS.lastIndex };
    }
    body += text.slice(at, at + bytes);
    at += bytes;
    if (text.slice(at, at + 2) !== "\r\n") return { body, trailers: "", end: "broken", length: at };
    at += 2;
  }
}

/**
 * One form of a path: the one that is matched is the one that is sent. `fetch` parses its URL again by the WHATWG URL
 * standard, so the canonical form is a fixed point of that parser: it collapses dot segments, also written `%2e`, and
 * percent-encodes what the parser would. Whatever the parser would turn into another path is refused.
 *
 * What is not touched: `//`, and every percent-encoding other than a dot segment's (`%2F` stays `%2F`, `%7e` stays
 * `%7e`).
 *
 * Refused (400): a raw `\` (the parser makes it `/`), `#` (it cuts there), and control characters (it drops tab and
 * line ends). Encoded up front rather than refused: `"`, `<`, `>`, `` ` ``, `{`, `}`, space and everything beyond
 * ASCII. RFC 3986 allows none of these raw, yet clients send them, and all mean the same encoded.
 */

const PLAIN = 0;
const ENCODE = 1;
const REFUSE = 2;

const DOT = 0x2e;
const SLASH = 0x2f;
const PERCENT = 0x25;

const PATH_KIND = kindTable(' "<>`{}', "\\#?");
const QUERY_KIND = kindTable(" \"<>'", "#");
const EXACT_QUERY_KIND = kindTable(" ", "#");

/**
 * Brings a raw path (without query, as it came on the wire) to its canonical form; null if it must be refused (400).
 */
export function canonicalPath(rawPath: string): string | null {
  const length = rawPath.length;
  // An absolute-form request target without a path means `/` (RFC 9112, section 3.2.1).
  if (length === 0) return "/";
  if (rawPath.charCodeAt(0) !== SLASH) return null;
  let encode = false;
  let dots = false;
  let before = 0;
  for (let at = 0; at < length; at++) {
    const code = rawPath.charCodeAt(at);
    const kind = code < 128 ? PATH_KIND[code]! : ENCODE;
    if (kind !== PLAIN) {
      if (kind === REFUSE) return null;
      encode = true;
    } else if (before === SLASH && (code === DOT || code === PERCENT)) {
      dots ||= isDotSegment(rawPath, at);
    }
    before = code;
  }
  const encoded = encode ? percentEncode(rawPath, PATH_KIND) : rawPath;
  return dots ? resolveDotSegments(encoded) : encoded;
}

/**
 * Brings a raw query (without its `?`) to the form that `fetch` sends; null if it must be refused (400: `#` and control
 * characters). It is kept byte for byte but for what the URL parser encodes in any query and no caller can prevent:
 * `"`, `<`, `>`, space and everything beyond ASCII, none of which RFC 3986 allows raw, and `'`, which it does allow and
 * which therefore reaches a target as `%27`. A transport that writes its own bytes needs only {@linkcode exactQuery}.
 */
export function canonicalQuery(rawQuery: string): string | null {
  return encodeQuery(rawQuery, QUERY_KIND);
}

/**
 * Keeps a raw query byte for byte; null if it must be refused, as by {@linkcode canonicalQuery}. A space, which would
 * end the request line, and what lies beyond ASCII are encoded.
 */
export function exactQuery(rawQuery: string): string | null {
  return encodeQuery(rawQuery, EXACT_QUERY_KIND);
}

function encodeQuery(rawQuery: string, kinds: Uint8Array): string | null {
  const { length } = rawQuery;
  let encode = false;
  for (let at = 0; at < length; at++) {
    const code = rawQuery.charCodeAt(at);
    const kind = code < 128 ? kinds[code]! : ENCODE;
    if (kind === REFUSE) return null;
    if (kind === ENCODE) encode = true;
  }
  return encode ? percentEncode(rawQuery, kinds) : rawQuery;
}

function kindTable(encoded: string, refused: string): Uint8Array {
  const kinds = new Uint8Array(128);
  kinds.fill(REFUSE, 0, 0x20);
  kinds[0x7f] = REFUSE;
  for (const char of encoded) kinds[char.charCodeAt(0)] = ENCODE;
  for (const char of refused) kinds[char.charCodeAt(0)] = REFUSE;
  return kinds;
}

const utf8 = new TextEncoder();

function percentEncode(text: string, kinds: Uint8Array): string {
  let result = "";
  for (const byte of utf8.encode(text)) {
    result += byte < 128 && kinds[byte] === PLAIN
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return result;
}

/** Tells whether the segment that begins at `start` is `.` or `..`, each dot raw or as `%2e`. */
function isDotSegment(path: string, start: number): boolean {
  const one = afterDot(path, start);
  if (one === start) return false;
  const end = afterDot(path, one);
  return end === path.length || path.charCodeAt(end) === SLASH;
}

/** The index behind a dot at `at`, raw or encoded; `at` itself if there is none. */
function afterDot(path: string, at: number): number {
  const code = path.charCodeAt(at);
  if (code === DOT) return at + 1;
  const encoded = code === PERCENT && path.charCodeAt(at + 1) === 0x32 && (path.charCodeAt(at + 2) | 0x20) === 0x65;
  return encoded ? at + 3 : at;
}

/**
 * The WHATWG parser's path state: `..` takes the segment before it along, and a dot segment at the end leaves its `/`.
 */
function resolveDotSegments(path: string): string {
  const kept: string[] = [];
  let start = 1;
  for (;;) {
    let end = path.indexOf("/", start);
    const last = end === -1;
    if (last) end = path.length;
    if (isDotSegment(path, start)) {
      if (afterDot(path, start) !== end) kept.pop();
      if (last) kept.push("");
    } else {
      kept.push(path.slice(start, end));
    }
    if (last) return `/${kept.join("/")}`;
    start = end + 1;
  }
}

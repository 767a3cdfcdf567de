/**
 * Requests of which two readers may take different things: each hides a second request where one of them sees a body, a
 * header or the next message. A proxy has to refuse them, or to pass them on in a form that all readers take alike.
 */
export interface SmugglingForm {
  readonly name: string;
  /** Latin-1. */
  readonly text: string;
}

/** What is hidden. */
export const HIDDEN = "/hidden";
const SECOND = `GET ${HIDDEN} HTTP/1.1\r\nHost: a\r\n\r\n`;
const LAST = `0\r\n\r\n`;

/** A head with these lines, and what comes behind it. */
function post(lines: string, behind: string, version = "1.1"): string {
  return `POST /first HTTP/${version}\r\nHost: a\r\n${lines}\r\n\r\n${behind}`;
}

const LENGTH = SECOND.length;
const LENGTHS = [
  ...[`+${LENGTH}`, `-${LENGTH}`, `${LENGTH}, ${LENGTH}`, `${LENGTH},0`, `${LENGTH} 0`, `0x${LENGTH.toString(16)}`],
  ...[`${LENGTH};`, `${LENGTH}.0`, "1e1", "", `"${LENGTH}"`, `${LENGTH}\x0b`, `\x0c${LENGTH}`, `${LENGTH}_0`, "\xb2"],
  ...["9007199254740993", "18446744073709551616", "99999999999999999999999999"],
];
const CODINGS = [
  ...[
    "xchunked",
    "chunked, identity",
    "identity, chunked",
    "chunked,chunked",
    "gzip, chunked",
    "chunked;q=1",
    '"chunked"',
  ],
  ...[
    "chunked\x0b",
    "\x0bchunked",
    "\x0cchunked",
    "chunked\0",
    "chunked x",
    "identity",
    "",
    "chunk",
    "chunked,",
    ",chunked",
    "c\xa0hunked",
  ],
];
/** Lines that some readers take for a Transfer-Encoding, and others do not. */
const CODING_LINES = [
  "Transfer-Encoding : chunked",
  "Transfer-Encoding\t: chunked",
  " Transfer-Encoding: chunked",
  "X: y\r\n Transfer-Encoding: chunked",
  "X: y\r\n\tTransfer-Encoding: chunked",
  "X: y\nTransfer-Encoding: chunked",
  "X: y\rTransfer-Encoding: chunked",
  "Transfer-Encoding:\r\n chunked",
  "Transfer-Encoding:\n chunked",
  "Transfer-Encoding\0: chunked",
  "\0Transfer-Encoding: chunked",
  "Transfer-Encoding\r: chunked",
  "Transfer Encoding: chunked",
  "Transfer-Encoding chunked",
  ": chunked",
  "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
  "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
  "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
];
const LENGTH_LINES = [
  `Content-Length: ${LENGTH}\r\nContent-Length: ${LENGTH}`,
  `Content-Length: 0\r\nContent-Length: ${LENGTH}`,
  `content-length: ${LENGTH}\r\nContent-Length: 0`,
  `Content-Length : ${LENGTH}`,
  `Content-Length\t: ${LENGTH}`,
  ` Content-Length: ${LENGTH}`,
  `X: y\nContent-Length: ${LENGTH}`,
  `X: y\rContent-Length: ${LENGTH}`,
  `Content-Length:\r\n ${LENGTH}`,
  `Content-Length\0: ${LENGTH}`,
];
/** Chunked bodies, with what a reader takes for a chunk that hides the second request, or its end. */
const CHUNKS: Record<string, string> = {
  "a plus before the size": `+5\r\nhello\r\n${LAST}`,
  "a minus before the size": `-5\r\nhello\r\n${LAST}`,
  "0x before the size": `0x5\r\nhello\r\n${LAST}`,
  "a blank before the size": ` 5\r\nhello\r\n${LAST}`,
  "a blank behind the size": `5 \r\nhello\r\n${LAST}`,
  "a tab behind the size": `5\t\r\nhello\r\n${LAST}`,
  "a bare LF behind the size": `5\nhello\r\n${LAST}`,
  "a bare CR behind the size": `5\rhello\r\n${LAST}`,
  "a bare LF in an extension": `5;a\nhello\r\n${LAST}`,
  "a bare CR in an extension": `5;a\rb\r\nhello\r\n${LAST}`,
  "a NUL in an extension": `5;a\0\r\nhello\r\n${LAST}`,
  "no size": `\r\nhello\r\n${LAST}`,
  "a size that is none": `g\r\nhello\r\n${LAST}`,
  "a size beyond 2^64": `10000000000000005\r\nhello\r\n${LAST}`,
  "a size beyond 2^53": `fffffffffffffff5\r\nhello\r\n${LAST}`,
  "a chunk that goes on": `5\r\nhelloX\r\n${LAST}`,
  "a chunk that ends with a bare LF": `5\r\nhello\n${LAST}`,
  "a chunk that ends with a bare CR": `5\r\nhello\r${LAST}`,
  "a chunk without an end": `5\r\nhello${LAST}`,
  "a last chunk with a bare LF": `0\n\r\n`,
  "a last line that is a bare LF": `0\r\n\n`,
  "a last line that is a bare CR": `0\r\n\r`,
  "Content-Length as a trailer": `0\r\nContent-Length: ${LENGTH}\r\n\r\n`,
  "Transfer-Encoding as a trailer": `0\r\nTransfer-Encoding: chunked\r\n\r\n`,
  "Host as a trailer": `0\r\nHost: b\r\n\r\n`,
  "Connection as a trailer": `0\r\nConnection: close\r\n\r\n`,
  "a folded trailer": `0\r\nX: y\r\n z\r\n\r\n`,
  "a trailer with a bare LF": `0\r\nX: y\nZ: z\r\n\r\n`,
  "a trailer with a NUL": `0\r\nX: \0\r\n\r\n`,
  "a trailer with a blank before its colon": `0\r\nX : y\r\n\r\n`,
};
/** Whole requests. */
const REQUESTS: Record<string, string> = {
  "a length beside chunked, length first": post(`Content-Length: 4\r\nTransfer-Encoding: chunked`, LAST + SECOND),
  "a length beside chunked, length last": post(`Transfer-Encoding: chunked\r\nContent-Length: 4`, LAST + SECOND),
  "a length of the whole beside chunked": post(
    `Content-Length: ${LAST.length + LENGTH}\r\nTransfer-Encoding: chunked`,
    LAST + SECOND,
  ),
  "chunked in HTTP/1.0": post("Transfer-Encoding: chunked", LAST + SECOND, "1.0"),
  "chunked in HTTP/1.0 with a length": post("Transfer-Encoding: chunked\r\nContent-Length: 0", LAST + SECOND, "1.0"),
  "a request line with a bare LF": `GET /first HTTP/1.1\nHost: a\r\n\r\n${SECOND}`,
  "all lines with bare LF": `GET /first HTTP/1.1\nHost: a\n\n${SECOND}`,
  "a head that ends with LF LF": `GET /first HTTP/1.1\r\nHost: a\n\n${SECOND}`,
  "a head that ends with LF CR LF": `GET /first HTTP/1.1\r\nHost: a\n\r\n${SECOND}`,
  "a head that ends with CR CR LF": `GET /first HTTP/1.1\r\nHost: a\r\n\r\r\n${SECOND}`,
  "a request inside a request line": `GET /first HTTP/1.1\rHost: a\r\n\r\n${SECOND}`,
  "two blanks in the request line": `GET  /first HTTP/1.1\r\nHost: a\r\n\r\n${SECOND}`,
  "a tab in the request line": `GET\t/first HTTP/1.1\r\nHost: a\r\n\r\n${SECOND}`,
  "a blank behind the version": `GET /first HTTP/1.1 \r\nHost: a\r\n\r\n${SECOND}`,
  "a version of two digits": `GET /first HTTP/1.10\r\nHost: a\r\n\r\n${SECOND}`,
  "a version with a zero before": `GET /first HTTP/01.1\r\nHost: a\r\n\r\n${SECOND}`,
  "a NUL in the target": `GET /fir\0st HTTP/1.1\r\nHost: a\r\n\r\n${SECOND}`,
  "a blank in the target": `GET /first HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n${SECOND}`,
  "HTTP/0.9": `GET /first\r\n\r\n${SECOND}`,
  "two Hosts": `GET /first HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${SECOND}`,
  "no Host": `GET /first HTTP/1.1\r\n\r\n${SECOND}`,
  "a Host with a path": `GET /first HTTP/1.1\r\nHost: a/b\r\n\r\n${SECOND}`,
  "a Host with a NUL": `GET /first HTTP/1.1\r\nHost: a\0b\r\n\r\n${SECOND}`,
  "a folded Host": `GET /first HTTP/1.1\r\nHost: a\r\n b\r\n\r\n${SECOND}`,
  "a NUL in a value": `GET /first HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n${SECOND}`,
  "a bare CR in a value": `GET /first HTTP/1.1\r\nHost: a\r\nX: y\rZ: z\r\n\r\n${SECOND}`,
  "a line without a colon": `GET /first HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n${SECOND}`,
  "a blank in a name": `GET /first HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n${SECOND}`,
};

const quoted = (text: string) => JSON.stringify(text).slice(1, -1);

/** All forms. */
export const SMUGGLING_FORMS: readonly SmugglingForm[] = [
  ...LENGTHS.map((value) => ({
    name: `Content-Length: ${quoted(value)}`,
    text: post(`Content-Length: ${value}`, SECOND),
  })),
  ...CODINGS.map((value) => ({
    name: `Transfer-Encoding: ${quoted(value)}`,
    text: post(`Transfer-Encoding: ${value}`, LAST + SECOND),
  })),
  ...CODING_LINES.map((line) => ({ name: quoted(line), text: post(line, LAST + SECOND) })),
  ...LENGTH_LINES.map((line) => ({ name: quoted(line), text: post(line, SECOND) })),
  ...Object.entries(CHUNKS).map(([name, body]) => ({
    name: `chunks: ${name}`,
    text: post("Transfer-Encoding: chunked", body + SECOND),
  })),
  ...Object.entries(REQUESTS).map(([name, text]) => ({ name, text })),
];

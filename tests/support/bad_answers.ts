import { answer, bytes, garbage } from "./recorder_scripts.ts";
import type { AnswerScript } from "./recorder_target.ts";

/** An answer of these head lines, cut off by nothing. */
export function head(lines: string, body = ""): AnswerScript {
  return bytes(`HTTP/1.1 ${lines}\r\n\r\n${body}`, { close: true });
}

/** A header line beyond every limit. */
export const TOO_LARGE = `X-A: ${"y".repeat(600_000)}`;
const TOO_MANY = Array.from({ length: 200 }, (_, i) => `X-${i}: y`);

/** Answers that no transport passes on and no probe takes for health. */
export const BAD_ANSWERS: Record<string, AnswerScript> = {
  "garbage": garbage(),
  "another protocol": bytes("ICY 200 OK\r\n\r\n", { close: true }),
  "HTTP/3.0": bytes("HTTP/3.0 200 OK\r\n\r\n", { close: true }),
  "a body without a head": bytes("<html>hello</html>\r\n\r\n", { close: true }),
  "status 999": head("999 High\r\nContent-Length: 0"),
  "status 600": head("600 High\r\nContent-Length: 0"),
  "status 099": head("099 Low"),
  "an unasked 101": head("101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket"),
  "Content-Length and Transfer-Encoding": head(
    "200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked",
    "3\r\nabc\r\n0\r\n\r\n",
  ),
  "two different Content-Lengths": head("200 OK\r\nContent-Length: 3\r\nContent-Length: 4", "abcd"),
  "two equal Content-Lengths": head("200 OK\r\nContent-Length: 3\r\nContent-Length: 3", "abc"),
  "a list as Content-Length": head("200 OK\r\nContent-Length: 3, 3", "abc"),
  "a Content-Length with a plus": head("200 OK\r\nContent-Length: +3", "abc"),
  "a negative Content-Length": head("200 OK\r\nContent-Length: -3", "abc"),
  "a second transfer coding": head("200 OK\r\nTransfer-Encoding: gzip, chunked", "3\r\nabc\r\n0\r\n\r\n"),
  "an unknown transfer coding": head("200 OK\r\nTransfer-Encoding: foo", "abc"),
  "NUL in a header": head("200 OK\r\nX-A: a\0b\r\nContent-Length: 0"),
  "a folded header": head("200 OK\r\nX-A: a\r\n b\r\nContent-Length: 0"),
  "a space before the colon": head("200 OK\r\nX-A : a\r\nContent-Length: 0"),
  "a head of 600 KB": head(`200 OK\r\n${TOO_LARGE}`),
  "two hundred headers": answer(200, TOO_MANY),
};

/** Answers that hyper accepts, and sluice's own parser does not. */
export const BAD_ON_THE_WIRE: Record<string, AnswerScript> = {
  "bare LF as line ends": bytes("HTTP/1.1 200 OK\nContent-Length: 0\n\n", { close: true }),
  "a bare LF behind the status line": bytes("HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", { close: true }),
  "a bare LF as the head's end": bytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n", { close: true }),
  "chunks in HTTP/1.0": bytes("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", { close: true }),
  "many interim answers": bytes(`${"HTTP/1.1 103 Early\r\n\r\n".repeat(20)}HTTP/1.1 200 OK\r\n\r\n`, { close: true }),
};

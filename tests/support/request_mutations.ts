import type { Dice } from "./dice.ts";

/** Requests as clients send them, one or several on a connection. */
const GOOD: readonly string[] = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET /a/b?c=d&e HTTP/1.1\r\nHost: x.test:8080\r\nAccept: */*\r\nCookie: a=1; b=2\r\n\r\n",
  "HEAD /h HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
  "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  "PUT /p HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
  "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\nTE: trailers\r\n\r\n" +
  "3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\nX-Two: 2\r\n\r\n",
  "GET http://x.test/abs HTTP/1.1\r\nHost: x.test\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET / HTTP/1.0\r\n\r\n",
  "GET /k HTTP/1.0\r\nConnection: keep-alive\r\nHost: a\r\n\r\n",
  "DELETE /d HTTP/1.1\r\nHost: [::1]:80\r\nX-Empty:\r\nX-Blank: \t v \t\r\n\r\n",
  "POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok",
  "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  "GET /u HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
];

/** What readers take for two different things. */
const TRICKS: readonly string[] = [
  ..."\r|\n|\r\n|\r\n\r\n|\0| |\t|:|;|,|\x7f|\xff|\x80|\x0b|\x0c|\r\r\n|\n\n|\n\r\n| \r\n|\r\n |\r\n\t".split("|"),
  "Content-Length: 5\r\n",
  "Content-Length: 0\r\n",
  "Content-Length: +5\r\n",
  "Content-Length: 5, 5\r\n",
  "Content-Length: 5 5\r\n",
  "Content-Length: 0x5\r\n",
  "Content-Length: 99999999999999999999\r\n",
  "Content_Length: 5\r\n",
  "content-length:5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: xchunked\r\n",
  "Transfer-Encoding: chunked, chunked\r\n",
  "Transfer-Encoding:\x0bchunked\r\n",
  "Transfer-Encoding : chunked\r\n",
  "Transfer-Encoding: identity\r\n",
  "TRANSFER-ENCODING: CHUNKED\r\n",
  "Host: b\r\n",
  "Host: a/b\r\n",
  "Connection: close\r\n",
  "Connection: keep-alive\r\n",
  "Connection: content-length, transfer-encoding\r\n",
  "0\r\n\r\n",
  "00\r\n\r\n",
  "-1\r\n",
  "+3\r\nabc\r\n",
  "0x3\r\nabc\r\n",
  " 3\r\nabc\r\n",
  "3 \r\nabc\r\n",
  '3;x="\r\n"\r\nabc\r\n',
  "ffffffffffffffff\r\n",
  "10000000000000000\r\n",
  "0\r\nContent-Length: 3\r\n\r\n",
  "HTTP/1.1",
  "HTTP/2.0",
  "HTTP/0.9",
  "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
];

/** What a client sends on one connection: good requests, of which some were changed in a few places. */
export function mutatedRequests(dice: Dice): { readonly text: string; readonly requests: number } {
  const count = 1 + dice.below(3);
  let text = "";
  for (let i = 0; i < count; i++) text += dice.pick(GOOD);
  for (let changes = dice.below(4); changes > 0; changes--) text = mutate(text, dice);
  return { text, requests: count };
}

function mutate(text: string, dice: Dice): string {
  const at = dice.below(text.length + 1);
  const before = text.slice(0, at);
  const behind = text.slice(at);
  switch (dice.below(8)) {
    case 0:
      return before + String.fromCharCode(dice.below(256)) + behind.slice(1);
    case 1:
      return before + String.fromCharCode(dice.below(256)) + behind;
    case 2:
      return before + behind.slice(1 + dice.below(4));
    case 3:
      return before + dice.pick(TRICKS) + behind;
    case 4: {
      // At the beginning of a line, where it counts.
      const line = text.lastIndexOf("\r\n", at);
      return line < 0 ? text : text.slice(0, line + 2) + dice.pick(TRICKS) + text.slice(line + 2);
    }
    case 5:
      return before + behind.slice(0, dice.below(30)) + behind;
    case 6:
      return before;
    default:
      return before + behind.replace(/^[A-Za-z]/, (letter) => String.fromCharCode(letter.charCodeAt(0) ^ 32));
  }
}

/** WebSocket traffic that is wrong in one way or another, the same for the same dice. */
import { Buffer } from "node:buffer";
import { acceptOf, frame, OPCODE } from "./websocket_bytes.ts";

export type Random = () => number;

/** How a side ends its session once it has sent all of it. */
export type Ending = "wait" | "finish" | "close" | "reset";

/** What one side of a session does: nothing in it depends on the other side. */
export interface Side {
  /** Sent one after the other. */
  readonly pieces: readonly Uint8Array[];
  readonly ending: Ending;
  /** It never looks at what comes. */
  readonly deaf: boolean;
}

const SIZES = [0, 0, 0, 1, 1, 2, 123, 124, 125, 126, 127, 200, 1000, 65_535, 65_536, 70_000];
const CODES = [
  ...[0, 1, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016],
  ...[1100, 1999, 2000, 2999, 3000, 3999, 4000, 4999, 5000, 32_768, 65_535],
];
const REASON_BYTES = [0, 0, 1, 2, 121, 122, 123, 124, 125, 126, 200, 1000, 65_535, 70_000];

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!;
}

/** Text, text of two-byte characters, or bytes that are no UTF-8. */
function content(random: Random, size: number): Uint8Array {
  const kind = random();
  if (kind < 0.5) return Buffer.alloc(size, "reason");
  if (kind < 0.7) return Buffer.alloc(size, "é");
  if (kind < 0.8) return Buffer.concat([Buffer.from("\uFEFF"), Buffer.alloc(size, "x")]);
  return Buffer.alloc(size, pick(random, [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf8, 0x88]].map(Buffer.from)));
}

function closeFrame(random: Random, masked: boolean): Uint8Array {
  const dice = random();
  if (dice < 0.1) return frame(OPCODE.close, "", { masked });
  if (dice < 0.2) return frame(OPCODE.close, "\x03", { masked });
  const code = pick(random, CODES);
  const reason = content(random, pick(random, REASON_BYTES));
  return frame(OPCODE.close, Buffer.concat([Buffer.from([code >> 8, code & 255]), reason]), {
    masked,
    fin: random() > 0.03,
  });
}

/** A head that announces more than will ever come, or more than is allowed. */
function hugeHead(random: Random, masked: boolean): Uint8Array {
  const head = Buffer.alloc(masked ? 14 : 10);
  head[0] = 0x80 | pick(random, [1, 2, 8, 9, 10]);
  head[1] = (masked ? 0x80 : 0) | 127;
  head.writeBigUInt64BE(pick(random, [0n, 5n, 65_536n, 2n ** 26n, 2n ** 26n + 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n]), 2);
  return head;
}

function oneFrame(random: Random, ofClient: boolean): Uint8Array {
  // Now and then masked when it must not be, or the other way round.
  const masked = random() < 0.03 ? !ofClient : ofClient;
  const payload = () => content(random, pick(random, SIZES));
  const dice = random();
  if (dice < 0.3) return frame(pick(random, [OPCODE.text, OPCODE.binary]), payload(), { masked });
  if (dice < 0.4) return frame(pick(random, [OPCODE.ping, OPCODE.pong]), payload(), { masked });
  if (dice < 0.65) return closeFrame(random, masked);
  if (dice < 0.75) {
    const fin = random() < 0.5;
    return frame(pick(random, [OPCODE.continuation, OPCODE.text, OPCODE.binary]), payload(), { masked, fin });
  }
  if (dice < 0.8) return frame(pick(random, [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), payload(), { masked });
  if (dice < 0.85) {
    const reserved = frame(OPCODE.binary, payload(), { masked });
    reserved[0]! |= pick(random, [0x10, 0x20, 0x40, 0x70]);
    return reserved;
  }
  if (dice < 0.9) return hugeHead(random, masked);
  if (dice < 0.93) {
    const whole = frame(OPCODE.text, payload(), { masked });
    return whole.subarray(0, Math.floor(random() * whole.length));
  }
  if (dice < 0.96) return Buffer.from(Array.from({ length: 1 + Math.floor(random() * 40) }, () => random() * 256));
  const tiny = frame(pick(random, [OPCODE.text, OPCODE.ping, OPCODE.binary]), random() < 0.5 ? "" : "t", { masked });
  return Buffer.concat(Array.from({ length: 300 }, () => tiny));
}

/** Invents what one side says behind the handshake, and how it leaves. */
export function inventSide(random: Random, ofClient: boolean): Side {
  const count = Math.floor(random() * 6);
  const frames = Array.from({ length: count }, () => oneFrame(random, ofClient));
  const pieces: Uint8Array[] = [];
  for (const bytes of frames) {
    const cut = random() < 0.2 ? Math.floor(random() * bytes.length) : 0;
    if (cut > 0) pieces.push(bytes.subarray(0, cut), bytes.subarray(cut));
    else pieces.push(bytes);
  }
  // Several frames in one packet now and then.
  const together = random() < 0.4 ? [Buffer.concat(pieces)] : pieces;
  return { pieces: together, ending: pick(random, ["wait", "finish", "close", "reset"]), deaf: random() < 0.15 };
}

/** Invents a target's answer to a handshake: most accept it, others are damaged or answer in HTTP. */
export function inventAnswer(random: Random, key: string): Uint8Array {
  const accepted = (extra = "", key_ = acceptOf(key)) =>
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    `Sec-WebSocket-Accept: ${key_}\r\n${extra}\r\n`;
  if (random() < 0.75) return Buffer.from(accepted());
  const status = pick(random, [
    100,
    102,
    103,
    199,
    200,
    204,
    205,
    299,
    301,
    304,
    401,
    403,
    426,
    500,
    599,
    600,
    999,
    42,
  ]);
  const value = pick(random, ["x", "\xe9\xff", "\x01", "\x7f", "\u00c3\u00a9", "\0", "a\rb", "", "x".repeat(20_000)]);
  const answers = [
    accepted("", "wrong"),
    accepted(`X-Odd: ${value}\r\n`),
    accepted(`Set-Cookie: ${value}\r\nSet-Cookie: a=b\r\n`),
    accepted("Sec-WebSocket-Protocol: never.offered\r\n"),
    accepted("Sec-WebSocket-Extensions: permessage-deflate\r\n"),
    accepted("Sec-WebSocket-Extensions: ,,=;\r\n"),
    accepted("Content-Length: 5\r\n") + "hello",
    `HTTP/1.1 ${status} ${value}\r\nContent-Length: 0\r\n\r\n`,
    `HTTP/1.1 ${status} Odd\r\nX-Odd: ${value}\r\nContent-Length: 5\r\n\r\nhello`,
    `HTTP/1.1 ${status} Short\r\nContent-Length: 500\r\n\r\nhello`,
    `HTTP/1.1 ${status} Chunks\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n`,
    `HTTP/1.1 ${status} Upgrade\r\nUpgrade: ${value}\r\nConnection: ${value}\r\nContent-Length: 0\r\n\r\n`,
    `HTTP/1.1 100 Continue\r\n\r\n${accepted()}`,
    `HTTP/1.1 103 Early Hints\r\nLink: ${value}\r\n\r\n${accepted()}`,
    `HTTP/1.0 ${status}\r\n\r\n`,
    `${value}\r\n\r\n`,
    "HTTP/1.1 101\r\n\r\n",
    "",
  ];
  const whole = Buffer.from(pick(random, answers), "latin1");
  return random() < 0.2 ? whole.subarray(0, Math.floor(random() * whole.length)) : whole;
}

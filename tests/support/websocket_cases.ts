/** Cases after the groups of the Autobahn test suite: each is what a client sends behind its handshake. */
import { Buffer } from "node:buffer";
import { closePayload, frame, OPCODE } from "./websocket_bytes.ts";

/** A case; the numbers are the group's. */
export interface WebSocketCase {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const masked = { masked: true };
const part = { masked: true, fin: false };
const CLOSE = frame(OPCODE.close, closePayload(1000, "over"), masked);
const text = (payload: string | Uint8Array) => frame(OPCODE.text, payload, masked);
const binary = (payload: string | Uint8Array) => frame(OPCODE.binary, payload, masked);
const ping = (payload: string | Uint8Array = "") => frame(OPCODE.ping, payload, masked);

/** Sets bits of a frame's first byte. */
function withBits(bytes: Uint8Array, bits: number): Uint8Array {
  bytes[0]! |= bits;
  return bytes;
}

const SIZES = [0, 125, 126, 127, 128, 65_535, 65_536];
const NOT_UTF8 = ["ff", "c3", "c328", "e282", "e28228", "eda080", "f4908080", "f8888080", "c0af", "fe", "cebae1bdb9f4"];
const UTF8 = ["00", "7f", "c280", "dfbf", "e0a080", "ed9fbf", "ee8080", "efbfbd", "f0908080", "f48fbfbf", "efbbbf"];
const GOOD_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const BAD_CODES = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535];

function* frames(): Generator<[string, ...Uint8Array[]]> {
  // 1: framing
  for (const size of SIZES) {
    yield [`1.1 text of ${size}`, text(Buffer.alloc(size, "*"))];
    yield [`1.2 binary of ${size}`, binary(Buffer.alloc(size, 0xfe))];
  }
  // 2: pings and pongs
  for (const size of [0, 5, 125, 126]) yield [`2 ping of ${size}`, ping(Buffer.alloc(size, 0xfe))];
  yield ["2.7 a pong that nobody asked for", frame(OPCODE.pong, "x", masked)];
  yield ["2.10 ten pings", ...Array.from({ length: 10 }, (_, i) => ping(`p${i}`))];
  // 3: reserved bits
  for (const bits of [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70]) {
    yield [`3 reserved bits ${bits >> 4} on text`, text("a"), withBits(text("b"), bits), ping()];
    yield [`3 reserved bits ${bits >> 4} on a ping`, withBits(ping(), bits)];
    yield [`3 reserved bits ${bits >> 4} on a close`, withBits(frame(OPCODE.close, "", masked), bits)];
  }
  // 4: opcodes that mean nothing
  for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
    yield [`4 opcode ${opcode}`, text("a"), frame(opcode, "b", masked), ping()];
  }
  // 5: fragments
  yield ["5.1 a ping in two parts", frame(OPCODE.ping, "a", part), frame(OPCODE.continuation, "b", masked)];
  yield ["5.3 text in two parts", frame(OPCODE.text, "a", part), frame(OPCODE.continuation, "b", masked)];
  yield ["5.6 a ping between", frame(OPCODE.text, "a", part), ping("p"), frame(OPCODE.continuation, "b", masked)];
  yield ["5.9 a part of nothing", frame(OPCODE.continuation, "a", masked), text("b")];
  yield ["5.15 text inside text", frame(OPCODE.text, "a", part), text("b")];
  const three = [frame(OPCODE.text, "a", part), frame(OPCODE.continuation, "b", part)];
  yield ["5.19 five parts, pings between", ...three, ping("1"), ...three.slice(1), ping("2"), frame(0, "c", masked)];
  // 6: UTF-8
  for (const hex of UTF8) yield [`6 text of ${hex}`, text(Buffer.from(hex, "hex"))];
  for (const hex of NOT_UTF8) {
    yield [`6 text of ${hex}`, text(Buffer.from(hex, "hex"))];
    const bytes = Buffer.from(hex, "hex");
    const halves = [frame(OPCODE.text, bytes.subarray(0, 1), part), frame(0, bytes.subarray(1), masked)];
    yield [`6 text of ${hex} in two parts`, ...halves];
  }
  // 7: closing
  yield ["7.1 text behind a close", text("a"), CLOSE, text("b")];
  yield ["7.1 two closes", CLOSE, CLOSE];
  yield ["7.1 a ping behind a close", CLOSE, ping()];
  yield ["7.3 a close of no bytes", frame(OPCODE.close, "", masked)];
  yield ["7.3 a close of one byte", frame(OPCODE.close, "a", masked)];
  for (const size of [0, 123, 124]) {
    yield [`7.3 a reason of ${size}`, frame(OPCODE.close, closePayload(1000, "r".repeat(size)), masked)];
  }
  yield ["7.5 a reason that is no UTF-8", frame(OPCODE.close, Buffer.from("03e8ff", "hex"), masked)];
  for (const code of [...GOOD_CODES, ...BAD_CODES]) {
    yield [`7 close code ${code}`, frame(OPCODE.close, closePayload(code, "x"), masked)];
  }
  yield ["a frame without a mask", frame(OPCODE.text, "a"), ping()];
  // 9: large messages, in one frame and in parts
  for (
    const [name, size, count] of [["1 MiB", 1 << 20, 1], ["4 MiB", 1 << 22, 1], ["1 MiB in 64", 16_384, 64]] as const
  ) {
    const parts = Array.from(
      { length: count },
      (_, i) => frame(i === 0 ? OPCODE.binary : 0, Buffer.alloc(size, i), { masked: true, fin: i === count - 1 }),
    );
    yield [`9 ${name}`, ...parts];
  }
  yield ["9.7 a thousand messages of 16", ...Array.from({ length: 1000 }, () => text("sixteen bytes ok"))];
  // 10: a message that the receiver may cut
  yield [
    "10.1 65,536 bytes in parts of 1,300",
    ...Array.from(
      { length: 51 },
      (_, i) =>
        frame(i === 0 ? OPCODE.text : 0, Buffer.alloc(i === 50 ? 536 : 1300, "*"), { masked: true, fin: i === 50 }),
    ),
  ];
}

/** All cases; each ends with a close, so that the server ends the connection. */
export const WEBSOCKET_CASES: readonly WebSocketCase[] = [...frames()].map(([name, ...parts]) => ({
  name,
  bytes: Buffer.concat([...parts, CLOSE]),
}));

/** Clients of HTTP/2 that do what dice say: in order, or anything at all. */
import assert from "node:assert/strict";
import type { TestAuthority } from "./certificates.ts";
import type { Dice } from "./dice.ts";
import {
  Code,
  Flag,
  frame,
  FrameType,
  headerBlock,
  Http2Client,
  joined,
  requestLines,
  Setting,
  settings,
  word,
} from "./http2_client.ts";
import { until } from "./poll.ts";
import type { AnswerScript } from "./recorder_target.ts";

/** The payload of a PING whose answer is waited for. */
const MARK = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 99]);
const SET_WINDOW = new Uint8Array([0, Setting.window]);
const WHOLE = Flag.endStream | Flag.endHeaders;
/** Bytes of all bodies that one client sends: below every window that it is given at first. */
const MOST_SENT = 250_000;

/** A body in which each byte says where it stands. */
export function countedBody(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => at * 7 + (at >> 8) & 255);
}

/** Answers `/<bytes>` with so many bytes, and any body with itself; some responses are chunked, some come in pieces. */
export const echoOrCount: AnswerScript = async (turn) => {
  const sent = await turn.body();
  const body = sent.length > 0 ? sent : countedBody(Number(turn.path.slice(1)));
  if (turn.index % 3 === 0) {
    await turn.socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (let at = 0; at < body.length; at += 9_000) {
      const piece = body.subarray(at, at + 9_000);
      await turn.socket.send(`${piece.length.toString(16)}\r\n`);
      await turn.socket.send(piece);
      await turn.socket.send("\r\n");
    }
    return await turn.socket.send("0\r\nX-End: 1\r\n\r\n");
  }
  await turn.socket.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
  for (let at = 0; at < body.length; at += 20_000) await turn.socket.send(body.subarray(at, at + 20_000));
};

interface Asked {
  readonly stream: number;
  readonly body: Uint8Array<ArrayBuffer>;
  sent: number;
  takenBack: boolean;
}

/**
 * Makes many requests on one connection, in order but for frames of many streams among each other, written in pieces
 * that are cut anywhere, with small windows, and takes some back. Fails if a response is not whole.
 */
export async function orderlyClient(port: number, authority: TestAuthority, dice: Dice): Promise<void> {
  const window = dice.pick([0, 1, 1_000, 65_535, 500_000]);
  using client = await Http2Client.connect(port, authority, { settings: [[Setting.window, window]] });
  await until(() => client.frames.filter(({ type }) => type === FrameType.settings).length === 2, "both settings");
  const asked: Asked[] = [];
  let queue = new Uint8Array();
  let budget = MOST_SENT;
  const put = (...pieces: Uint8Array[]) => queue = new Uint8Array(joined(queue, ...pieces));
  for (let i = 0; i < 20; i++) {
    const stream = 2 * i + 1;
    const uploads = dice.oneIn(3);
    const body = countedBody(dice.pick([0, 1, 100, 16_384, 40_000]));
    asked.push({
      stream,
      body,
      sent: uploads && body.length > 0 && body.length < budget ? 0 : body.length,
      takenBack: false,
    });
    const each = asked.at(-1)!;
    const sends = each.sent < body.length;
    if (sends) budget -= body.length;
    const lines = requestLines(`/${body.length}`, { method: sends ? "POST" : "GET" });
    const block = headerBlock(lines);
    const cut = dice.oneIn(4) ? dice.below(block.length) : block.length;
    const flags = sends ? 0 : Flag.endStream;
    put(frame(FrameType.headers, cut === block.length ? flags | Flag.endHeaders : flags, stream, block.slice(0, cut)));
    if (cut < block.length) put(frame(FrameType.continuation, Flag.endHeaders, stream, block.slice(cut)));
    for (const other of asked) if (dice.oneIn(2)) sendSome(other);
    if (dice.oneIn(5)) put(frame(FrameType.priority, 0, stream, new Uint8Array(5)));
    if (dice.oneIn(8)) {
      const back = dice.pick(asked);
      back.takenBack = true;
      put(frame(FrameType.reset, 0, back.stream, word(Code.cancel)));
    }
    while (queue.length > 0 && !dice.oneIn(4)) await flush(1 + dice.below(queue.length));
  }
  for (const each of asked) while (each.sent < each.body.length && !each.takenBack) sendSome(each);
  put(frame(FrameType.windowUpdate, 0, 0, word(2_000_000)));
  // Windows open in small steps, and at last all at once.
  for (const { stream } of asked) for (let n = dice.below(4); n > 0; n--) put(opened(stream, 1 + dice.below(500)));
  while (queue.length > 0) await flush(1 + dice.below(20_000));
  await client.send(settings([Setting.window, 2_000_000]));
  for (const { stream, body, takenBack } of asked) {
    if (takenBack) continue;
    await until(
      () => client.finished(stream),
      () => `${body.length} bytes on stream ${stream}; ${client.data(stream).length} came`,
    );
    assert.equal(client.heads(stream)[0]![0]![1], "200");
    assert.deepEqual(client.data(stream), body);
  }

  function sendSome(each: Asked): void {
    if (each.takenBack || each.sent === each.body.length) return;
    const piece = each.body.slice(each.sent, each.sent + 1 + dice.below(16_384));
    each.sent += piece.length;
    put(frame(FrameType.data, each.sent === each.body.length ? Flag.endStream : 0, each.stream, piece));
  }

  async function flush(bytes: number): Promise<void> {
    await client.send(queue.slice(0, bytes));
    queue = queue.slice(bytes);
  }
}

function opened(stream: number, by: number): Uint8Array {
  return frame(FrameType.windowUpdate, 0, stream, word(by));
}

/**
 * Sends frames of any kind, some with changed bytes. The server must end the connection, or answer a PING, and say why
 * it ends. Returns how it went.
 */
export async function disorderlyClient(
  port: number,
  authority: TestAuthority,
  dice: Dice,
): Promise<"lives" | "dismissed" | "left"> {
  using client = await Http2Client.connect(port, authority, { settings: [[Setting.window, dice.below(100_000)]] });
  await until(() => client.frames.filter(({ type }) => type === FrameType.settings).length === 2, "both settings");
  let last = -1;
  const frames = Array.from({ length: 1 + dice.below(12) }, () => {
    const type = dice.pick([0, 0, 1, 1, 1, 1, 2, 3, 4, 6, 8, 8, 9, 20]);
    if (type === FrameType.headers) last += 2;
    return anyFrame(dice, type, Math.max(1, last));
  });
  await client.send(...frames).catch(() => {});
  if (dice.oneIn(4)) return "left";
  await client.send(frame(FrameType.ping, 0, 0, MARK)).catch(() => {});
  const answered = () => client.frames.some(({ type, payload }) => type === FrameType.ping && payload[7] === MARK[7]);
  await until(() => client.ended || answered(), "the end, or the answer to a PING");
  if (!client.ended) return "lives";
  assert.ok(client.frames.some(({ type }) => type === FrameType.goAway), "the connection ended without a GOAWAY");
  return "dismissed";
}

/** A frame of a type: on the stream opened last or on another, with the flags and payload that it needs or not. */
function anyFrame(dice: Dice, type: number, last: number): Uint8Array {
  const onStream = type !== FrameType.settings && type !== FrameType.ping;
  const stream = dice.oneIn(15) ? dice.below(20) : onStream ? last : 0;
  const usual = type === FrameType.headers ? dice.pick([Flag.endHeaders, WHOLE, WHOLE]) : dice.oneIn(3) ? 1 : 0;
  const flags = dice.oneIn(10) ? dice.below(256) : usual;
  const block = headerBlock(requestLines(`/${dice.below(50_000)}`, { method: dice.pick(["GET", "POST"]) }));
  const payloads: Record<number, () => Uint8Array> = {
    [FrameType.data]: () => new Uint8Array(dice.below(5_000)),
    [FrameType.headers]: () => block,
    [FrameType.priority]: () => new Uint8Array(5),
    [FrameType.reset]: () => word(dice.below(14)),
    [FrameType.settings]: () => (flags & 1) === 1 ? new Uint8Array() : joined(SET_WINDOW, word(dice.below(100_000))),
    [FrameType.ping]: () => new Uint8Array(8),
    [FrameType.windowUpdate]: () => word(dice.below(100_000)),
    [FrameType.continuation]: () => block.slice(dice.below(block.length)),
  };
  const bytes = frame(type, flags, stream, payloads[type]?.() ?? new Uint8Array(dice.below(100)));
  // The length stays: what it says must come, or the server waits for it.
  if (dice.oneIn(15)) bytes[3 + dice.below(bytes.length - 3)] = dice.below(256);
  return bytes;
}

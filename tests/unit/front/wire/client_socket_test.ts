import assert from "node:assert/strict";
import { ByteLines } from "../../../../src/http1/field_lines.ts";
import { Lending } from "../../../../src/http1/lending.ts";
import type { RequestHead } from "../../../../src/http1/request_head.ts";
import { HeadReader } from "../../../../src/front/wire/head_reader.ts";
import { ClientSocket } from "../../../../src/front/wire/client_socket.ts";
import { ReadRooms, roomFor } from "../../../../src/front/wire/read_rooms.ts";

const LIMITS = { bytes: 65_536, lines: 100, lineBytes: 8_192 };

/** A connection whose reads are answered by the test. */
function scripted(rooms = new ReadRooms()) {
  let answer: ((text: string) => number) | null = null;
  const conn = {
    read: (place: Uint8Array) =>
      new Promise<number>((resolve) => {
        answer = (text) => {
          const { written } = new TextEncoder().encodeInto(text, place);
          resolve(written);
          return written;
        };
      }),
    close() {},
  };
  const socket = new ClientSocket(conn as unknown as Deno.TcpConn, { spend() {} }, rooms);
  /** Returns how much of the text fitted in. */
  const bring = async (text: string) => {
    const written = answer!(text);
    await new Promise((resolve) => setTimeout(resolve, 0));
    return written;
  };
  return { socket, bring };
}

const decoder = new TextDecoder();
const text = ({ bytes, start, end }: ClientSocket) => decoder.decode(bytes.subarray(start, end));

/** Sends so many requests of a connection, one after the other; returns how many reads each of their heads took. */
async function readsOfHeads(requests: number, padding: string, body = "") {
  const { socket, bring } = scripted();
  const heads = new HeadReader(socket, new Lending(() => new ByteLines()));
  const reads: number[] = [];
  for (let request = 0; request < requests; request++) {
    let left = `GET /${request} HTTP/1.1\r\nHost: a${padding}\r\n\r\n${body}`;
    heads.restart();
    let head = heads.take(LIMITS);
    for (reads[request] = 0; head === null; reads[request]!++) {
      const more = socket.more();
      left = left.slice(await bring(left));
      assert.ok(await more > 0);
      head = heads.take(LIMITS);
    }
    assert.equal((head as RequestHead).target, `/${request}`);
    socket.nextBytes = roomFor(heads.headBytes, body.length);
    let have = socket.available;
    socket.start = socket.end;
    for (; have < body.length; reads[request]!++) {
      const rest = socket.readInto(new Uint8Array(body.length - have));
      left = left.slice(await bring(left));
      have += await rest;
    }
    socket.readAhead();
    socket.rest();
  }
  return { room: socket.bytes.length, reads };
}

Deno.test("a kept connection's room does not grow with its requests", async () => {
  const { room, reads } = await readsOfHeads(500, "");
  assert.equal(room, 1_024);
  assert.deepEqual(new Set(reads), new Set([1]));
});

Deno.test("heads that need more room get it once, and then come with one read each", async () => {
  const { room, reads } = await readsOfHeads(100, `\r\nCookie: ${"c".repeat(1_200)}`);
  assert.equal(room, 2_048);
  assert.deepEqual(new Set(reads.slice(1)), new Set([1]));
});

Deno.test("small bodies come with their heads in one read, once their connection has sent one", async () => {
  const { room, reads } = await readsOfHeads(100, "\r\nContent-Length: 1200", "b".repeat(1_200));
  assert.equal(room, 2_048);
  assert.deepEqual(new Set(reads.slice(1)), new Set([1]));
});

Deno.test("bodies too large for that change nothing for the heads before them", () => {
  assert.equal(roomFor(200, 4_096), 4_296);
  assert.equal(roomFor(200, 100_000), 200);
  assert.equal(roomFor(200, -1), 200);
});

Deno.test("what comes before a request was answered leaves its head where it stands", async () => {
  const { socket, bring } = scripted();
  const first = socket.more();
  await bring("first head");
  assert.ok(await first > 0);
  const room = socket.bytes;
  socket.start = socket.end;
  socket.readAhead();
  await bring("second head");
  assert.equal(decoder.decode(room.subarray(0, 10)), "first head");
  assert.equal(text(socket), "second head");
});

Deno.test("the rest of a request that was sent too early is read behind its beginning", async () => {
  const { socket, bring } = scripted();
  const first = socket.more();
  await bring("first head, sec");
  assert.ok(await first > 0);
  socket.start = 12;
  socket.readAhead();
  await bring("ond head");
  assert.equal(decoder.decode(socket.bytes.subarray(0, socket.end)), "first head, second head");
  assert.equal(text(socket), "second head");
});

/** Serves one request of a connection; returns its room, and the rooms. */
async function served({ lends }: { lends: boolean }) {
  const rooms = new ReadRooms();
  const { socket, bring } = scripted(rooms);
  const first = socket.more();
  await bring("head");
  assert.ok(await first > 0);
  const room = socket.bytes;
  socket.start = socket.end;
  socket.lends = lends;
  socket.readAhead();
  return { room, rooms, socket };
}

Deno.test("a request's room is lent again when it was answered, and not before", async () => {
  const { room, rooms, socket } = await served({ lends: false });
  assert.notEqual(rooms.lend(0), room);
  socket.rest();
  assert.equal(rooms.lend(0), room);
});

Deno.test("a room that a target may still be sent bytes of is not lent again", async () => {
  const { room, rooms, socket } = await served({ lends: true });
  socket.rest();
  assert.notEqual(rooms.lend(0), room);
});

Deno.test("a connection that is closed while it waits keeps its room, which the read may still fill", async () => {
  const { rooms, socket } = await served({ lends: false });
  const waiting = socket.bytes;
  socket.rest();
  socket.release();
  socket.close();
  for (let i = 0; i < 3; i++) assert.notEqual(rooms.lend(0), waiting);
});

Deno.test("a client that has sent a large head holds little room while it is idle", async () => {
  for (const requests of [1, 10]) {
    const { room } = await readsOfHeads(requests, `\r\nCookie: ${"c".repeat(60_000)}`);
    assert.equal(room, 8_192);
  }
});

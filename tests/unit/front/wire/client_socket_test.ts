import assert from "node:assert/strict";
import { ByteLines } from "../../../../src/http1/field_lines.ts";
import { Lending } from "../../../../src/http1/lending.ts";
import type { RequestHead } from "../../../../src/http1/request_head.ts";
import { HeadReader } from "../../../../src/front/wire/head_reader.ts";
import { ClientSocket } from "../../../../src/front/wire/client_socket.ts";

const LIMITS = { bytes: 65_536, lines: 100, lineBytes: 8_192 };

/** A connection whose reads are answered by the test. */
function scripted() {
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
  const socket = new ClientSocket(conn as unknown as Deno.Conn, { spend() {} });
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
async function readsOfHeads(requests: number, padding: string) {
  const { socket, bring } = scripted();
  const heads = new HeadReader(socket, new Lending(() => new ByteLines()));
  const reads: number[] = [];
  for (let request = 0; request < requests; request++) {
    let left = `GET /${request} HTTP/1.1\r\nHost: a${padding}\r\n\r\n`;
    heads.restart();
    let head = heads.take(LIMITS);
    for (reads[request] = 0; head === null; reads[request]!++) {
      const more = socket.more();
      left = left.slice(await bring(left));
      assert.equal(await more, true);
      head = heads.take(LIMITS);
    }
    assert.equal((head as RequestHead).target, `/${request}`);
    assert.equal(socket.available, 0);
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
  assert.equal(room, 4_096);
  assert.deepEqual(new Set(reads.slice(1)), new Set([1]));
});

Deno.test("what comes before a request was answered leaves its head where it stands", async () => {
  const { socket, bring } = scripted();
  const first = socket.more();
  await bring("first head");
  assert.equal(await first, true);
  socket.start = socket.end;
  socket.readAhead();
  await bring("second head");
  assert.equal(decoder.decode(socket.bytes.subarray(0, socket.end)), "first headsecond head");
  assert.equal(text(socket), "second head");
});

import assert from "node:assert/strict";
import { ByteLines } from "../../../../src/http1/field_lines.ts";
import { Lending } from "../../../../src/http1/lending.ts";
import type { RequestHead } from "../../../../src/http1/request_head.ts";
import { HeadReader } from "../../../../src/front/wire/head_reader.ts";
import { ClientSocket } from "../../../../src/front/wire/client_socket.ts";

const LIMITS = { bytes: 65_536, lines: 100, lineBytes: 8_192 };

/** A connection whose reads are answered by the test. */
function scripted() {
  let answer: ((text: string) => void) | null = null;
  const conn = {
    read: (place: Uint8Array) =>
      new Promise<number>((resolve) => {
        answer = (text) => resolve(new TextEncoder().encodeInto(text, place).written);
      }),
    close() {},
  };
  const socket = new ClientSocket(conn as unknown as Deno.Conn, { spend() {} });
  const bring = async (text: string) => {
    answer!(text);
    await new Promise((resolve) => setTimeout(resolve, 0));
  };
  return { socket, bring };
}

const decoder = new TextDecoder();
const text = ({ bytes, start, end }: ClientSocket) => decoder.decode(bytes.subarray(start, end));

Deno.test("a kept connection's room does not grow with its requests", async () => {
  const { socket, bring } = scripted();
  const heads = new HeadReader(socket, new Lending(() => new ByteLines()));
  const { length } = socket.bytes;
  for (let request = 0; request < 500; request++) {
    heads.restart();
    assert.equal(heads.take(LIMITS), null);
    const more = socket.more();
    await bring(`GET /${request} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.equal(await more, true);
    assert.equal((heads.take(LIMITS) as RequestHead).target, `/${request}`);
    assert.equal(socket.available, 0);
    socket.readAhead();
    socket.rest();
  }
  assert.equal(socket.bytes.length, length);
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

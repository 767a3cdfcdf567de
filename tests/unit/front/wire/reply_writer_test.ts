import assert from "node:assert/strict";
import { TextLines } from "../../../../src/http1/field_lines.ts";
import { FrontRooms } from "../../../../src/front/wire/rooms.ts";
import { type ReplyOwner, ReplyWriter } from "../../../../src/front/wire/reply_writer.ts";
import { nextTurn } from "../../../../src/time/clock.ts";

Deno.test("a response that comes as fast as its client takes it is written a few pieces in each turn", async () => {
  let written = 0;
  const owner = {
    rooms: new FrontRooms(),
    send(bytes: Uint8Array) {
      written += bytes.length;
      return Promise.resolve();
    },
  } as unknown as ReplyOwner;
  const request = { method: "GET", minor: 1, takesTrailers: false, body: null } as const;
  const reply = new ReplyWriter(owner, request, true);
  const length = 100 * 65_536;
  reply.head({ status: 200, phrase: null, lines: new TextLines(), own: [], bodyLength: length });
  const piece = new Uint8Array(65_536);
  let writing = true;
  const whole = (async () => {
    for (let i = 0; i < 99; i++) await reply.write(piece);
    await reply.end(piece);
    writing = false;
  })();
  let most = 0;
  while (writing) {
    const before = written;
    await new Promise<void>(nextTurn);
    most = Math.max(most, written - before);
  }
  await whole;
  assert.ok(written > length, "the head too");
  assert.ok(most <= 16 * 65_536, `${most} bytes in one turn`);
});

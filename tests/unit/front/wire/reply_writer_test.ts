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

for (const [kind, bodyLength] of [["of a known length", 200_000], ["in chunks", -1]] as const) {
  Deno.test(`a client that does not take a large piece of a body ${kind} holds no other room`, async () => {
    const rooms = new FrontRooms();
    let lent = 0;
    const { out } = rooms;
    const [lend, giveBack] = [out.lend.bind(out), out.giveBack.bind(out)];
    out.lend = () => (lent++, lend());
    out.giveBack = (room) => (lent--, giveBack(room));
    let taken = Promise.withResolvers<void>();
    let sent = "";
    const owner = {
      rooms,
      async send(bytes: Uint8Array) {
        if (bytes.length > 60_000) await taken.promise;
        sent += new TextDecoder().decode(bytes);
      },
    } as unknown as ReplyOwner;
    const request = { method: "GET", minor: 1, takesTrailers: false, body: null } as const;
    const reply = new ReplyWriter(owner, request, true);
    reply.head({ status: 200, phrase: null, lines: new TextLines(), own: [], bodyLength });
    for (let i = 0; i < 2; i++) {
      const written = reply.write(new Uint8Array(65_536).fill(120));
      for (let j = 0; j < 20; j++) await Promise.resolve();
      assert.equal(lent, 0);
      taken.resolve();
      taken = Promise.withResolvers();
      await written;
    }
    await reply.end(new Uint8Array(10).fill(121));
    const x = "x".repeat(65_536);
    const y = "y".repeat(10);
    const body = bodyLength < 0 ? `10000\r\n${x}\r\n10000\r\n${x}\r\na\r\n${y}\r\n0\r\n\r\n` : x + x + y;
    assert.ok(sent.endsWith(`\r\n\r\n${body}`), "every byte is sent once, in its order");
  });
}

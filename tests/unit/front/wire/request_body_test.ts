import assert from "node:assert/strict";
import { ClientSocket } from "../../../../src/front/wire/client_socket.ts";
import { RequestBody } from "../../../../src/front/wire/request_body.ts";
import { FrontRooms } from "../../../../src/front/wire/rooms.ts";
import type { Lending } from "../../../../src/http1/lending.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes of the rooms that are lent now. */
function countLent(rooms: FrontRooms): () => number {
  let lent = 0;
  for (const lending of [rooms.small, rooms.out, rooms.large] as Lending<Bytes>[]) {
    const lend = lending.lend.bind(lending);
    const giveBack = lending.giveBack.bind(lending);
    lending.lend = () => {
      const room = lend();
      lent += room.length;
      return room;
    };
    lending.giveBack = (room) => {
      lent -= room.length;
      giveBack(room);
    };
  }
  return () => lent;
}

/** A body behind a connection whose reads are answered by the test. */
function stageOf(length: number) {
  const rooms = new FrontRooms();
  const lent = countLent(rooms);
  let waiting: { readonly place: Bytes; readonly answer: (count: number) => void } | null = null;
  const conn = {
    read: (place: Bytes) => new Promise<number>((answer) => waiting = { place, answer }),
    close() {},
  };
  const socket = new ClientSocket(conn as unknown as Deno.TcpConn, { spend() {} }, rooms.reads);
  const body = new RequestBody({ socket, rooms, waiting() {}, timedOut: false }, length);
  const stage = {
    body,
    socket,
    rooms,
    /** The place that the read which waits writes to. */
    place: () => waiting!.place,
    /** So many bytes came with the head. */
    async ahead(bytes: number): Promise<void> {
      const more = socket.more();
      await stage.bring(bytes);
      assert.ok(await more > 0);
    },
    /** Bytes that the body holds: those it borrowed, and those of its connection's room. */
    held: () => lent() + socket.bytes.length,
    /** Brings up to so many bytes to the read that waits; returns the place for them. */
    async bring(bytes: string | number): Promise<Bytes> {
      const { place, answer } = waiting!;
      waiting = null;
      const count = typeof bytes === "number" ? Math.min(bytes, place.length) : bytes.length;
      if (typeof bytes === "string") new TextEncoder().encodeInto(bytes, place);
      answer(count);
      for (let i = 0; i < 20; i++) await Promise.resolve();
      return place.subarray(0, count);
    },
  };
  return stage;
}

for (const [kind, length, byte] of [["of a known length", 1_000_000, "x"], ["in chunks", -1, "1\r\nx\r\n"]] as const) {
  Deno.test(`a body ${kind} that comes byte by byte holds 3 KiB while it waits`, async () => {
    const { body, bring, held } = stageOf(length);
    for (let i = 0; i < 5; i++) {
      const piece = body.read();
      assert.ok(held() <= 3_072, `${held()} bytes`);
      await bring(byte);
      assert.equal((await piece)!.length, 1);
    }
  });
}

Deno.test("a body that comes fast is read in large pieces, and holds little again when it comes slowly", async () => {
  const { body, bring, held } = stageOf(1_000_000);
  let came = 0;
  const read = async (bytes: number) => {
    const piece = body.read();
    assert.ok(held() <= 4_096 + 11 * came, `${held()} bytes after ${came}`);
    came += (await bring(bytes)).length;
    return (await piece)!.length;
  };
  const sizes = [];
  for (let i = 0; i < 4; i++) sizes.push(await read(100_000));
  assert.deepEqual(sizes, [2_048, 20_480, 65_536, 65_536]);
  assert.equal(await read(1), 1);
  body.read();
  assert.ok(held() <= 3_072, `${held()} bytes`);
});

Deno.test("what a body borrowed is given back at its end", async () => {
  const { body, bring, held } = stageOf(3_000);
  for (const bytes of [2_048, 952]) {
    const piece = body.read();
    await bring(bytes);
    assert.equal((await piece)!.length, bytes);
  }
  assert.ok(body.done);
  body.release();
  assert.equal(held(), 1_024);
});

Deno.test("a body's room is not lent to others while what it brought waits for its turn", async () => {
  const { body, bring, rooms } = stageOf(10_000);
  // Others use this turn of the event loop up.
  while (rooms.turns.spend(65_536) === null);
  const piece = body.read();
  const place = await bring(2_048);
  body.release();
  assert.notEqual(rooms.small.lend().buffer, place.buffer);
  assert.equal((await piece)!.buffer, place.buffer);
});

Deno.test("a room to which the read of a client that was given up may still write is not lent to others", async () => {
  const { body, rooms, socket, place } = stageOf(10_000);
  const piece = body.read();
  const { buffer } = place();
  socket.stopReading();
  await assert.rejects(piece, { how: "left" });
  body.release();
  assert.notEqual(rooms.small.lend().buffer, buffer);
});

Deno.test("a small body of which a part came with its head is one piece if the rest is here too", async () => {
  const { body, bring, ahead } = stageOf(5_000);
  await ahead(1_000);
  assert.equal(body.readNow(), null);
  const piece = body.read();
  assert.equal((await bring(9_999)).length, 4_000);
  assert.equal((await piece)!.length, 5_000);
  assert.ok(body.done);
});

Deno.test("a part of a small body is not held back until the rest comes", async () => {
  const { body, bring, ahead } = stageOf(5_000);
  await ahead(1_000);
  assert.equal((await body.read())!.length, 1_000);
  assert.equal(body.skip(), false);
  for (const count of [2_500, 1_500]) {
    const piece = body.read();
    await bring(count);
    assert.equal((await piece)!.length, count);
  }
  assert.ok(body.done);
});

Deno.test("trailers fill a turn of the event loop sooner than data do", async () => {
  const { body, bring } = stageOf(-1);
  const trailers = `X: ${"n".repeat(2_042)}\r\n`;
  const read = body.read();
  await bring("0\r\n");
  let came = 0;
  while (came < 60_000) {
    await bring(trailers).catch(() => came = Infinity);
    came += trailers.length;
  }
  assert.equal(came, Infinity, "no read waits while the turn is over");
  read.catch(() => {});
});

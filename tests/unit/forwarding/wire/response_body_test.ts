import assert from "node:assert/strict";
import type { Bytes } from "../../../../src/http1/bytes.ts";
import { Lending } from "../../../../src/http1/lending.ts";
import { ResponseBody, ROOM_BYTES } from "../../../../src/forwarding/wire/response_body.ts";
import type { TargetReader } from "../../../../src/forwarding/wire/target_reader.ts";

const rooms = () => new Lending<Bytes>(() => new Uint8Array(ROOM_BYTES));

/** A connection that has read `early`, and brings so many bytes with each further read. */
function readerOf(early: number, ...reads: number[]) {
  const asked: number[] = [];
  const connection = { bytes: new Uint8Array(16_384).fill(1), start: 0, end: early };
  const readInto = (place: Bytes) => {
    asked.push(place.length);
    return Promise.resolve(Math.min(reads.shift() ?? 0, place.length));
  };
  return { asked, reader: { connection, readInto, endedWith: null } as unknown as TargetReader };
}

async function lengths(body: ResponseBody): Promise<number[]> {
  const pieces: number[] = [];
  for (let piece = await body.read(); piece !== null; piece = await body.read()) pieces.push(piece.length);
  return pieces;
}

Deno.test("a large body is read with room for a byte more, so that its last read says that it was all", async () => {
  const { reader, asked } = readerOf(16_000, 60_000, 70_000, 40_000);
  const body = new ResponseBody(reader, 181_536, rooms());
  assert.deepEqual(await lengths(body), [16_000, 60_000, 65_536, 40_000]);
  assert.deepEqual(asked, [65_536, 65_536, 40_001]);
  assert.deepEqual([body.done, body.overran], [true, false]);
});

Deno.test("a byte behind a large body is not part of it, and noticed", async () => {
  const { reader } = readerOf(0, 40_001);
  const body = new ResponseBody(reader, 40_000, rooms());
  assert.deepEqual(await lengths(body), [40_000]);
  assert.deepEqual([body.done, body.overran], [true, true]);
});

Deno.test("what is here already is given without waiting, and no more than the body has", () => {
  const { reader } = readerOf(150);
  const body = new ResponseBody(reader, 100, rooms());
  assert.equal(body.readNow()?.length, 100);
  assert.deepEqual([body.done, body.readNow()], [true, null]);
});

Deno.test("a room goes back when its body was read, and serves the next one", async () => {
  let made = 0;
  const lent = new Lending<Bytes>(() => new Uint8Array(ROOM_BYTES).fill(++made));
  for (let i = 0; i < 3; i++) {
    const body = new ResponseBody(readerOf(0, 40_000).reader, 40_000, lent);
    await lengths(body);
    body.release();
  }
  assert.equal(made, 1);
});

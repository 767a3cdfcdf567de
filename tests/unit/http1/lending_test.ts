import assert from "node:assert/strict";
import { Lending } from "../../../src/http1/lending.ts";

type Room = Uint8Array<ArrayBuffer>;

const makeRoom = () => new Uint8Array(1);

function lend(rooms: Lending<Room>, count: number): Room[] {
  return Array.from({ length: count }, () => rooms.lend());
}

Deno.test("rooms that are lent at once are different ones, and the one given back last is lent first", () => {
  const rooms = new Lending(makeRoom);
  const first = lend(rooms, 3);
  assert.equal(new Set(first).size, 3);
  for (const room of first) rooms.giveBack(room);
  const second = lend(rooms, 4);
  assert.deepEqual(second.slice(0, 3).map((room) => first.indexOf(room)), [2, 1, 0]);
  assert.equal(new Set(second).size, 4);
});

Deno.test("memory that was not used between two checks is freed, the rest is kept", () => {
  const rooms = new Lending(makeRoom);
  const many = lend(rooms, 10);
  for (const room of many) rooms.giveBack(room);
  rooms.trim();
  const few = lend(rooms, 2);
  for (const room of few) rooms.giveBack(room);
  rooms.trim();
  const known = lend(rooms, 10).filter((room) => many.includes(room));
  assert.deepEqual(new Set(known), new Set(few));
});

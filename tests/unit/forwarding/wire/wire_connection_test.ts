import assert from "node:assert/strict";
import { sendBody } from "../../../../src/forwarding/wire/send_body.ts";
import { TurnBudget } from "../../../../src/forwarding/wire/turn_budget.ts";
import { WireConnection } from "../../../../src/forwarding/wire/wire_connection.ts";
import { WireRooms } from "../../../../src/forwarding/wire/wire_rooms.ts";
import type { WorkerColumn } from "../../../../src/state/worker_column.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A connection to a target that answers by hand. */
function stage() {
  const rooms = new WireRooms();
  let lent = 0;
  for (const lending of [rooms.requests, rooms.answers, rooms.patient, rooms.large]) {
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
  let waiting: { readonly place: Bytes; readonly answer: (count: number) => void } | null = null;
  const conn = {
    read: (place: Bytes) => new Promise<number>((answer) => waiting = { place, answer }),
    write: (bytes: Bytes) => Promise.resolve(bytes.length),
  } as unknown as Deno.Conn;
  const column = { connectionsOpen() {} } as unknown as WorkerColumn;
  const connection = new WireConnection(conn, { column, rooms, turn: new TurnBudget() });
  connection.owner = { received() {}, ended() {} };
  const settle = async () => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  return {
    connection,
    lent: () => lent,
    /** Sends a request, and waits for what comes. */
    async ask(patient: boolean): Promise<void> {
      connection.patient = patient;
      connection.write(connection.room.subarray(0, 100));
      connection.fill();
      await settle();
    },
    /** Brings as much of the text as there is room for; returns the rest. */
    async bring(text: string): Promise<string> {
      const { place, answer } = waiting!;
      const { written } = new TextEncoder().encodeInto(text, place);
      answer(written);
      await settle();
      return text.slice(written);
    },
  };
}

Deno.test("while the response to a slow body is waited for, 1 KiB is held, to another request 16 KiB", async () => {
  for (const [patient, most] of [[true, 1_024], [false, 16_384]] as const) {
    const { ask, lent } = stage();
    await ask(patient);
    assert.equal(lent(), most);
  }
});

Deno.test("a head that does not fit into that is read on in a larger room, behind what has come", async () => {
  const { connection, ask, bring, lent } = stage();
  await ask(true);
  const head = "h".repeat(3_000);
  let left = await bring(head);
  assert.equal(left.length, 3_000 - 1_024);
  connection.fill();
  left = await bring(left);
  assert.equal(left, "");
  assert.equal(new TextDecoder().decode(connection.bytes.subarray(connection.start, connection.end)), head);
  assert.equal(lent(), 16_384);
  connection.start = connection.end;
  connection.rest();
  assert.equal(lent(), 0);
});

Deno.test("a connection whose bytes go to its reader's own place holds no room", async () => {
  const { connection, ask, bring, lent } = stage();
  await ask(false);
  await bring("head");
  connection.start = connection.end;
  const place = new Uint8Array(10);
  connection.readInto(place);
  assert.equal(lent(), 0);
  await bring("body");
  assert.equal(new TextDecoder().decode(place.subarray(0, 4)), "body");
});

Deno.test("the place of a request's head is given back before the first byte of its body comes", async () => {
  const { connection, lent } = stage();
  const source = { read: () => new Promise<null>(() => {}), done: false, trailers: null };
  sendBody(connection, connection.writeAll(connection.room.subarray(0, 100)), { source, length: 5 });
  assert.equal(lent(), 8_192);
  for (let i = 0; i < 20; i++) await Promise.resolve();
  assert.equal(lent(), 0);
});

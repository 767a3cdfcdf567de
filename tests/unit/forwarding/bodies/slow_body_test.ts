import assert from "node:assert/strict";
import { ClientBody } from "../../../../src/forwarding/bodies/client_body.ts";
import { Failure } from "../../../../src/forwarding/gateway_error.ts";
import { ClientSocket } from "../../../../src/front/wire/client_socket.ts";
import { RequestBody } from "../../../../src/front/wire/request_body.ts";
import { FrontRooms } from "../../../../src/front/wire/rooms.ts";
import type { BodySource } from "../../../../src/http1/body_source.ts";
import { heldBytes } from "../../../support/held_bytes.ts";

const BODIES = 500;
const NEVER = new Promise<number>(() => {});
const conn = { read: () => NEVER, close() {} } as unknown as Deno.TcpConn;
const events = { bodyMoved() {}, bodyWaits() {} };

/** A body whose client sends nothing yet, as an attempt reads it. */
function waitingBody(rooms: FrontRooms, length: number): BodySource {
  const socket = new ClientSocket(conn, { spend() {} }, rooms.reads);
  const source = new RequestBody({ socket, rooms, waiting() {}, timedOut: false }, length);
  const body = new ClientBody(source, { length, awaited: false, maxBytes: 0, events }).next(false);
  assert.ok(body !== null && !(body instanceof Uint8Array) && !(body instanceof Failure));
  return body;
}

for (const [kind, length] of [["of a known length", 1_000_000], ["in chunks", -1]] as const) {
  Deno.test(`a wait for the next byte of a body ${kind} holds less than 1.5 KB of heap`, () => {
    const rooms = new FrontRooms();
    const waits: Promise<unknown>[] = [];
    // The first makes what all share.
    waits.push(waitingBody(rooms, length).read());
    const bodies = Array.from({ length: BODIES }, () => waitingBody(rooms, length));
    const held = heldBytes(() => {
      for (const body of bodies) waits.push(body.read());
    });
    assert.ok(held / BODIES < 1_500, `${held / BODIES} bytes`);
    assert.equal(waits.length, BODIES + 1);
  });
}

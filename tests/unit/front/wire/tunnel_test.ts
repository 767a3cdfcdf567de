import assert from "node:assert/strict";
import type { ByteTunnel } from "../../../../src/http1/tunnel_end.ts";
import { ClientSocket } from "../../../../src/front/wire/client_socket.ts";
import { FrontRooms } from "../../../../src/front/wire/rooms.ts";
import { passBothWays } from "../../../../src/front/wire/tunnel.ts";

const FLOOD_BYTES = 1_000_000;

/** Reads of a side that sends so many bytes, as many as there is room for each time, and then ends. */
function flood(bytes: number): (place: Uint8Array) => number {
  let left = bytes;
  return (place) => {
    const count = Math.min(left, place.length);
    left -= count;
    return count;
  };
}

/** Passes on what each side sends; returns the pieces that client and target got. */
async function pass(fromClient: number, fromTarget: number) {
  const got = { client: [] as number[], target: [] as number[] };
  const clientReads = flood(fromClient);
  const targetReads = flood(fromTarget);
  const conn = {
    read: (place: Uint8Array) => Promise.resolve(clientReads(place) || null),
    write(bytes: Uint8Array) {
      got.client.push(bytes.length);
      return Promise.resolve(bytes.length);
    },
    closeWrite: () => Promise.resolve(),
    close() {},
  };
  const target: ByteTunnel = {
    kind: "bytes",
    early: new Uint8Array(0),
    read: (place) => Promise.resolve(targetReads(place) || null),
    write(bytes) {
      got.target.push(bytes.length);
      return Promise.resolve();
    },
    closeWrite: () => Promise.resolve(),
    close() {},
  };
  const rooms = new FrontRooms();
  const socket = new ClientSocket(conn as unknown as Deno.TcpConn, { spend() {} }, rooms.reads);
  const events = { moved() {}, halfClosed() {}, broken() {}, failed() {} };
  await passBothWays(socket, target, { rooms, events, farewell: null });
  return got;
}

for (const side of ["client", "target"] as const) {
  Deno.test(`a ${side} that floods its tunnel is read in pieces of 64 KiB after the first two`, async () => {
    const got = side === "client" ? await pass(FLOOD_BYTES, 1) : await pass(1, FLOOD_BYTES);
    const pieces = side === "client" ? got.target : got.client;
    assert.equal(pieces.reduce((sum, bytes) => sum + bytes), FLOOD_BYTES);
    assert.deepEqual(pieces.slice(0, 4), [2_048, 20_480, 65_536, 65_536]);
  });
}

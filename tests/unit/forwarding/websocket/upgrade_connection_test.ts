import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { NO_CONNECT } from "../../../../src/forwarding/target_request.ts";
import { UpgradeConnection } from "../../../../src/forwarding/websocket/upgrade_connection.ts";
import { TargetTable } from "../../../../src/state/target_table.ts";
import { ManualClock } from "../../../support/manual_clock.ts";

function setUp(secure = false) {
  const clock = new ManualClock();
  const table = TargetTable.create(1);
  const connection = new UpgradeConnection({ clock, column: table.column(0) }, 3);
  const socket = new EventEmitter();
  clock.advance(1000);
  connection.begin();
  connection.follow(socket as unknown as Socket, secure);
  const counted = () => ({
    made: table.targetCounter(3, "connects"),
    micros: table.targetCounter(3, "connectSumMicros"),
    open: table.connections(),
  });
  return { clock, connection, socket, counted };
}

Deno.test("a tunnel's connection is timed until it stands, and counts as active until its socket is closed", () => {
  const { clock, connection, socket, counted } = setUp();
  clock.advance(1.5);
  assert.equal(connection.micros, NO_CONNECT);
  socket.emit("connect");
  assert.deepEqual([connection.made, connection.micros], [true, 1500]);
  assert.deepEqual(counted(), { made: 1, micros: 1500, open: { active: 1, idle: 0 } });
  clock.advance(20);
  connection.handshakeOver();
  assert.equal(connection.micros, 1500, "what the handshake takes is no part of it");
  socket.emit("close");
  assert.deepEqual(counted(), { made: 1, micros: 1500, open: { active: 0, idle: 0 } });
});

Deno.test("with TLS a tunnel's connection stands when the TLS handshake is over", () => {
  const { clock, connection, socket, counted } = setUp(true);
  clock.advance(1);
  socket.emit("connect");
  assert.deepEqual([connection.made, counted().open.active], [false, 0]);
  clock.advance(2);
  socket.emit("secureConnect");
  assert.deepEqual([connection.micros, counted().open.active], [3000, 1]);
});

Deno.test("a tunnel's connection that is not made has the time that it was tried, and counts nowhere", () => {
  const { clock, connection, socket, counted } = setUp();
  clock.advance(7);
  connection.handshakeOver();
  clock.advance(1);
  // The platform may have made it just when it was given up: it is closed again by whoever gave it up.
  socket.emit("connect");
  socket.emit("close");
  assert.deepEqual([connection.made, connection.micros], [false, 7000]);
  assert.deepEqual(counted(), { made: 0, micros: 0, open: { active: 0, idle: 0 } });
});

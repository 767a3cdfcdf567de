import assert from "node:assert/strict";
import type { Acceptor } from "../../../../src/front/acceptor.ts";
import { AcceptLoop } from "../../../../src/front/wire/accept_loop.ts";
import { nextTurn, systemClock } from "../../../../src/time/clock.ts";

const MOST = 1_000;

/** So many clients come at once. */
class Crowd implements Acceptor<Deno.TcpConn> {
  #left = MOST;
  #open = true;

  accept(): Promise<Deno.TcpConn> {
    if (!this.#open) return Promise.reject(new Deno.errors.BadResource("closed"));
    return this.#left-- > 0 ? Promise.resolve({} as Deno.TcpConn) : new Promise(() => {});
  }

  close(): void {
    this.#open = false;
  }
}

Deno.test("a crowd of clients is accepted a few in each turn of the event loop", async () => {
  let taken = 0;
  const loop = new AcceptLoop<Deno.TcpConn>({
    clock: systemClock,
    makeRoom: () => "now",
    take: () => {
      taken++;
    },
    ranOut: () => {},
    recovered: () => {},
  });
  const running = loop.run(new Crowd());
  let most = 0;
  for (let turn = 0; turn < 20; turn++) {
    const before = taken;
    await new Promise<void>(nextTurn);
    most = Math.max(most, taken - before);
  }
  assert.ok(taken > most && most <= 16, `${taken} were taken, up to ${most} in one turn`);
  loop.stop();
  await running;
});

import assert from "node:assert/strict";
import { socketOps } from "../../../src/dial/socket_ops.ts";

/** Both ends of one connection. */
async function pair(): Promise<[Deno.TcpConn, Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    listener.accept(),
  ]);
}

Deno.test("a connection's reads and writes go by Deno's own operations, and 0 is the other side's end", async () => {
  const [near, far] = await pair();
  using _near = near;
  const ops = socketOps(near);
  assert.equal(ops.constructor.name, "CoreOps");
  assert.equal(await ops.write(new TextEncoder().encode("ask")), 3);
  const place = new Uint8Array(8);
  assert.equal(await socketOps(far).read(place), 3);
  assert.equal(new TextDecoder().decode(place.subarray(0, 3)), "ask");
  far.close();
  assert.equal(await ops.read(place), 0);
});

Deno.test("a read that waits ends as that of Deno.Conn does when its connection is closed", async () => {
  const [near, far] = await pair();
  using _far = far;
  const pending = socketOps(near).read(new Uint8Array(8));
  near.close();
  await assert.rejects(pending, (error) => error instanceof Deno.errors.Interrupted);
  await assert.rejects(socketOps(near).read(new Uint8Array(8)), (error) => error instanceof Deno.errors.BadResource);
});

Deno.test("what is no connection of Deno's is read and written by its own methods", async () => {
  const written: number[] = [];
  const ops = socketOps({
    read: (place: Uint8Array) => Promise.resolve(place.length === 1 ? null : 5),
    write: (bytes: Uint8Array) => Promise.resolve(written.push(...bytes)),
  } as unknown as Deno.TcpConn);
  assert.equal(await ops.read(new Uint8Array(8)), 5);
  assert.equal(await ops.read(new Uint8Array(1)), 0);
  assert.equal(await ops.write(new Uint8Array([7, 8])), 2);
  assert.deepEqual(written, [7, 8]);
});

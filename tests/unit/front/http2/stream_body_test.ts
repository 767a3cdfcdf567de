import assert from "node:assert/strict";
import { BodyBroken } from "../../../../src/http1/body_source.ts";
import { StreamBody, type StreamBodyOwner } from "../../../../src/front/http2/stream_body.ts";
import { ReadRooms } from "../../../../src/front/wire/read_rooms.ts";

class Owner implements StreamBodyOwner {
  readonly rooms = new ReadRooms();
  waits = 0;
  passedBytes = 0;

  waiting(begins: boolean): void {
    this.waits += begins ? 1 : -1;
  }

  passed(bytes: number): void {
    this.passedBytes += bytes;
  }
}

const bytes = (length: number, from = 0) => new Uint8Array(length).map((_, i) => (from + i) % 251);

Deno.test("a body's pieces come out as they went in, and open its window when the next one is asked for", async () => {
  const owner = new Owner();
  const body = new StreamBody(owner);
  body.push(bytes(3_000), 0, 3_000);
  body.push(bytes(2_000, 3_000), 0, 2_000);
  const first = await body.read();
  assert.deepEqual(first, bytes(5_000));
  body.push(bytes(70_000, 5_000), 0, 70_000);
  assert.deepEqual(first, bytes(5_000), "what its reader has stays as it is");
  assert.equal(owner.passedBytes, 0);
  assert.deepEqual(await body.read(), bytes(70_000, 5_000));
  assert.equal(owner.passedBytes, 5_000);
  body.end();
  assert.equal(await body.read(), null);
  assert.deepEqual([owner.passedBytes, owner.waits, body.done], [75_000, 0, true]);
});

Deno.test("a reader that waits gets what comes, and the limit on waiting counts only then", async () => {
  const owner = new Owner();
  const body = new StreamBody(owner);
  const piece = body.read();
  assert.equal(owner.waits, 1);
  body.push(bytes(10), 0, 10);
  assert.equal(owner.waits, 0);
  assert.deepEqual(await piece, bytes(10));
  const end = body.read();
  body.end();
  assert.deepEqual([await end, body.done, owner.waits], [null, true, 0]);
});

Deno.test("what came before a body broke off is read first, and then why it did", async () => {
  const owner = new Owner();
  const body = new StreamBody(owner);
  body.push(bytes(10), 0, 10);
  body.break("timeout", "nothing came");
  assert.deepEqual(await body.read(), bytes(10));
  await assert.rejects(body.read(), (error) => error instanceof BodyBroken && error.how === "timeout");
  assert.equal(body.done, false);
});

Deno.test("a body that nobody read gives back all that it holds", () => {
  const body = new StreamBody(new Owner());
  body.push(bytes(100), 0, 100);
  assert.equal(body.readNow()!.length, 100);
  body.push(bytes(50), 0, 50);
  assert.equal(body.release(false), 150);
  assert.equal(body.release(false), 0);
});

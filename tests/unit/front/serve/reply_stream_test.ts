import assert from "node:assert/strict";
import type { Taking } from "../../../../src/front/serve/origin.ts";
import { ReplyStream } from "../../../../src/front/serve/reply_stream.ts";

/** Counts what a client owes. */
class Owing implements Taking {
  owes = 0;
  owed(): void {
    this.owes++;
  }
  paid(): void {
    this.owes--;
  }
}

Deno.test("a client owes a response while a piece waits for it, not while the next one is still to come", async () => {
  const owing = new Owing();
  const stream = new ReplyStream(null, () => {}, owing);
  const written = stream.write(new Uint8Array(10));
  await Promise.resolve();
  assert.equal(owing.owes, 1);
  const reader = stream.readable.getReader();
  await reader.read();
  const next = reader.read();
  await written;
  assert.equal(owing.owes, 0);
  await stream.end(null);
  assert.equal((await next).done, true);
  assert.equal(owing.owes, 0);
});

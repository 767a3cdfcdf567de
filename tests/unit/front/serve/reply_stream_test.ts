import assert from "node:assert/strict";
import { ReplyStream } from "../../../../src/front/serve/reply_stream.ts";

Deno.test("a piece is written when its client wants the next one, and not before", async () => {
  const stream = new ReplyStream(null, () => {});
  let isWritten = false;
  const written = stream.write(new Uint8Array(10)).then(() => isWritten = true);
  const reader = stream.readable.getReader();
  assert.equal((await reader.read()).value?.length, 10);
  assert.equal(isWritten, false);
  const next = reader.read();
  await written;
  await stream.end(null);
  assert.equal((await next).done, true);
});

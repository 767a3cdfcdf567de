import assert from "node:assert/strict";
import { BatchedSink, FLUSH_MS } from "../../../src/logging/sink.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { pause } from "../../support/poll.ts";

Deno.test("lines that could not be written are counted, and the sink goes on", async () => {
  const clock = new ManualClock();
  let full = true;
  let written = "";
  const sink = new BatchedSink({
    write(bytes) {
      if (full) return Promise.reject(new Error("No space left on device"));
      written += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
  }, clock);
  sink.write("one\n");
  sink.write("two\n");
  clock.advance(FLUSH_MS);
  await pause(0);
  sink.writeBytes(new TextEncoder().encode("three\nfour\n"));
  await pause(0);
  full = false;
  sink.write("five\n");
  await sink.flush();
  assert.equal(written, 'five\n{"event":"log_lines_dropped","count":4}\n');
});

Deno.test("lines for which there is no room are counted one by one, those of a batch too", async () => {
  let written = "";
  let goOn = () => {};
  const reads = new Promise<void>((resolve) => goOn = resolve);
  const sink = new BatchedSink({
    async write(bytes) {
      await reads;
      written += new TextDecoder().decode(bytes).replaceAll("x", "");
      return bytes.length;
    },
  }, new ManualClock());
  // One is being written, and two wait: those are more characters than may.
  for (let i = 0; i < 3; i++) sink.writeBytes(new TextEncoder().encode(`${"x".repeat(9_000_000)}\n`));
  sink.writeBytes(new TextEncoder().encode("one\ntwo\nthree\n"));
  sink.write("four\nfive\n");
  goOn();
  await sink.flush();
  assert.equal(written, '\n\n\n{"event":"log_lines_dropped","count":5}\n');
});

for (const works of [true, false]) {
  Deno.test(`the memory of a batch is free as soon as it was ${works ? "written" : "lost"}`, async () => {
    const written: string[] = [];
    const sink = new BatchedSink({
      // In two parts, the second of which must still be there after the first.
      async write(bytes) {
        await pause(0);
        if (!works) throw new Error("No space left on device");
        const part = bytes.subarray(0, Math.min(bytes.length, 4));
        written.push(new TextDecoder().decode(part));
        return part.length;
      },
    }, new ManualClock());
    const batch = new TextEncoder().encode("one\ntwo\n");
    sink.writeBytes(batch);
    assert.equal(batch.length, 8);
    await sink.flush();
    assert.deepEqual(written, works ? ["one\n", "two\n"] : []);
    assert.equal(batch.buffer.byteLength, 0);
  });
}

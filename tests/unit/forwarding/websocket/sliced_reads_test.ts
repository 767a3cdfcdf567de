import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { sliceReads } from "../../../../src/forwarding/websocket/sliced_reads.ts";

/** Reads frames of two bytes, as `ws` reads empty messages; pausing stops nothing of what it was handed. */
class FrameReader extends EventEmitter {
  isPaused = false;
  readonly frames: number[] = [];
  readonly slices: number[] = [];
  readonly #raw: PassThrough;
  constructor(raw: PassThrough) {
    super();
    this.#raw = raw;
    raw.on("data", (slice: Buffer) => {
      this.slices.push(slice.length);
      for (let i = 0; i < slice.length; i += 2) {
        this.frames.push(slice.readUInt16BE(i));
        this.emit("message");
      }
    });
  }
  pause() {
    this.isPaused = true;
    this.#raw.pause();
  }
  resume() {
    this.isPaused = false;
    this.#raw.resume();
  }
}

/** So many numbered frames. */
function numbered(count: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(count * 2));
  for (let i = 0; i < count; i++) bytes.setUint16(i * 2, i);
  return new Uint8Array(bytes.buffer);
}

Deno.test("a read full of tiny messages is handed over in small slices, and a pause stops it on the way", async () => {
  const raw = new PassThrough({ highWaterMark: 1 << 20 });
  const reader = new FrameReader(raw);
  sliceReads(raw as any, reader);
  const seen = Promise.withResolvers<number>();
  reader.on("message", () => {
    if (reader.frames.length !== 2000) return;
    reader.pause();
    queueMicrotask(() => seen.resolve(reader.frames.length));
  });
  raw.end(numbered(30_000));
  assert.ok(await seen.promise < 2100, "no more than a slice came behind the pause");
  const ended = new Promise<void>((resolve) => raw.once("end", resolve));
  reader.resume();
  await ended;
  assert.deepEqual(reader.frames, Array.from({ length: 30_000 }, (_, i) => i));
  assert.ok(Math.max(...reader.slices.slice(4)) <= 128, `slices of ${reader.slices.slice(0, 8)}`);
});

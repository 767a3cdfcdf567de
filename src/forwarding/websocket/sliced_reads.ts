/**
 * A trick on node:net: hands `ws` what its socket reads in slices that hold few messages.
 *
 * `ws` makes an event of each message of what it is given, and `pause` does not stop it half-way. One read of 64 KiB
 * may hold 32,768 empty messages, and all of them would be passed on to a client that is too slow for the first. The
 * rest of a read goes back into the socket's own buffer by the public `unshift`, so the end of the stream stays behind
 * it.
 *
 * If `ws` reads its socket in another way than by `data` events, nothing is sliced.
 *
 * Gain: `pause` takes effect after one slice instead of after a whole read (`sliced_reads_test.ts`).
 */
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { nextTurn } from "../../time/clock.ts";

/** The part of `ws`'s WebSocket that slicing uses. */
interface SlicedSocket {
  readonly isPaused: boolean;
  on(event: "message" | "ping" | "pong", listener: () => void): void;
  resume(): void;
}

const FIRST_BYTES = 1024;
const LEAST_BYTES = 64;
/** As much as one read of node:net brings. */
const MOST_BYTES = 64 * 1024;
/** If a slice held more frames than this, the next one is half as long. */
const MANY = 32;
/** If a slice held fewer frames than this, the next one is twice as long. */
const FEW = 8;

/** Slices what `raw` reads for `socket`. Call it when the socket is open. */
export function sliceReads(raw: Socket, socket: SlicedSocket): void {
  const readers = raw.listeners("data") as ((chunk: Buffer) => void)[];
  if (readers.length === 0) return;
  raw.removeAllListeners("data");
  let sliceBytes = FIRST_BYTES;
  let frames = 0;
  const count = () => frames++;
  socket.on("message", count);
  socket.on("ping", count);
  socket.on("pong", count);
  const resume = () => {
    if (!socket.isPaused) socket.resume();
  };
  raw.on("data", (chunk: Buffer) => {
    let slice = chunk;
    if (chunk.length > sliceBytes) {
      slice = chunk.subarray(0, sliceBytes);
      raw.pause();
      raw.unshift(chunk.subarray(sliceBytes));
      nextTurn(resume);
    }
    frames = 0;
    for (const read of readers) read.call(raw, slice);
    if (frames > MANY) sliceBytes = Math.max(LEAST_BYTES, sliceBytes >> 1);
    else if (frames < FEW) sliceBytes = Math.min(MOST_BYTES, sliceBytes << 1);
  });
}

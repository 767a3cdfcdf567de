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
/** Frames in a slice above which the next one is half as long, and below which it is twice as long. */
const MANY = 32;
const FEW = 8;

/**
 * Hands `ws` what its open socket reads in slices that hold few messages. `ws` makes an event of each message of what
 * it was handed, and no pause stops it on the way: a read of 64 KiB may hold 32,768 empty ones, and all would be passed
 * on to a client that is too slow for the first. What is not handed over yet stays in the socket's own buffer, so its
 * end comes behind it.
 */
export function sliceReads(raw: Socket, socket: SlicedSocket): void {
  const readers = raw.listeners("data") as ((chunk: Buffer) => void)[];
  raw.removeAllListeners("data");
  let sliceBytes = FIRST_BYTES;
  let frames = 0;
  const count = () => frames++;
  socket.on("message", count);
  socket.on("ping", count);
  socket.on("pong", count);
  const goOn = () => {
    if (!socket.isPaused) socket.resume();
  };
  raw.on("data", (chunk: Buffer) => {
    let slice = chunk;
    if (chunk.length > sliceBytes) {
      slice = chunk.subarray(0, sliceBytes);
      raw.pause();
      raw.unshift(chunk.subarray(sliceBytes));
      nextTurn(goOn);
    }
    frames = 0;
    for (const read of readers) read.call(raw, slice);
    if (frames > MANY) sliceBytes = Math.max(LEAST_BYTES, sliceBytes >> 1);
    else if (frames < FEW) sliceBytes = Math.min(MOST_BYTES, sliceBytes << 1);
  });
}

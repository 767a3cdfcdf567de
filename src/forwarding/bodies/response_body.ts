import type { DeadlineWheel, Watch } from "../../time/deadline.ts";
import type { Exchange } from "../exchange.ts";
import { letGo } from "./let_go.ts";

/** Bodies of a known length up to this many bytes are passed on in one piece where they are there at once. */
const SMALL_BYTES = 65_536;
/** Sizes of one read of a longer body: grows while reads come back full. */
const FIRST_READ_BYTES = 16_384;
const LARGEST_READ_BYTES = 262_144;

/** Thrown into a response stream so that the client sees a broken transfer; `Deno.serve` hands it to `onError`. */
export class CutTransfer extends Error {
  constructor(by: string) {
    super(`Transfer cut by the ${by}`);
  }
}

/** What a body needs of its exchange. */
export interface BodyContext {
  readonly exchange: Exchange;
  readonly wheel: DeadlineWheel;
  /** Already restarted with the idle limit. */
  readonly watch: Watch;
  /** Why the exchange was ended on this side; null while it was not. */
  readonly over: unknown;
  /** Cancels the exchange with the target. */
  abort(): void;
  /** The exchange with the target is over: ends the watch, and lets go of what could be cancelled. */
  close(): void;
}

type Bytes = Uint8Array<ArrayBuffer>;
type Reader = ReadableStreamBYOBReader;

/**
 * Takes a target's body to what `Deno.serve` sends, and has the answer made with it.
 *
 * A small body of known length is read first and, where it is there whole, answered as bytes: measured, that is cheaper than
 * handing the target's stream over (docs/performance.md), and sluice knows that it was complete. A body that dribbles is
 * streamed after one tick of the wheel at the most, so headers never wait long for it. Everything else is a stream that
 * counts, notices who broke off, and ends with the idle limit.
 *
 * @param length Content-Length, or -1.
 */
export function answerWithBody(
  stream: ReadableStream<Bytes>,
  length: number,
  { context, answer }: { context: BodyContext; answer: (body: Bytes | ReadableStream<Bytes>) => Response },
): Response | Promise<Response> {
  const reader = stream.getReader({ mode: "byob" });
  if (length < 0 || length > SMALL_BYTES) return answer(streamed(reader, null, context));
  const pending = reader.read(new Uint8Array(Math.max(length, 1))) as Promise<ReadableStreamReadResult<Bytes>>;
  // One promise by hand: an `async` function around a race would make three, and as many turns of the microtask queue.
  return new Promise((resolve, reject) => {
    let waiting = true;
    const go = (whole: Bytes | null) => {
      if (!waiting) return;
      waiting = false;
      try {
        resolve(answer(whole ?? streamed(reader, pending, context)));
      } catch (error) {
        reject(error);
      }
    };
    const streamIt = () => go(null);
    pending.then((first) => {
      if (!waiting || first.done || first.value.length < length) return go(null);
      context.close();
      context.exchange.responseBytes = length;
      // All of it was read: this lets the connection go back to its pool.
      reader.cancel().catch(ignore);
      go(first.value);
    }, streamIt);
    context.watch.onTick = streamIt;
  });
}

/** A stream that pulls from the target only when the client takes. */
function streamed(
  reader: Reader,
  pending: Promise<ReadableStreamReadResult<Bytes>> | null,
  context: BodyContext,
): ReadableStream<Bytes> {
  const { exchange, wheel, watch } = context;
  let next = pending;
  let size = FIRST_READ_BYTES;
  let over = false;
  let reading = pending !== null;
  let given: Bytes | null = null;
  const end = (): boolean => {
    if (over) return false;
    over = true;
    wheel.close(watch);
    return true;
  };
  return new ReadableStream<Bytes>({
    start(controller) {
      watch.expire = () => {
        if (!end()) return;
        // Where nothing is being read from the target, it is the client who does not take what is there.
        exchange.cutBy = wheel.closing ? "shutdown" : reading ? "idle" : "client";
        context.abort();
        reader.cancel().catch(ignore);
        controller.error(new CutTransfer(wheel.closing ? "shutdown" : "idle limit"));
      };
    },
    async pull(controller) {
      // The next piece is wanted, so the last one is on its way.
      if (given !== null) letGo(given);
      given = null;
      let piece: ReadableStreamReadResult<Bytes>;
      reading = true;
      try {
        piece = await (next ?? (reader.read(new Uint8Array(size)) as Promise<ReadableStreamReadResult<Bytes>>));
      } catch {
        if (!end()) return;
        // Ended on this side: the client left, or broke off what it was still sending.
        exchange.cutBy = context.over === null ? "target" : "client";
        controller.error(new CutTransfer("target"));
        return;
      }
      next = null;
      reading = false;
      if (over) return;
      if (piece.done) {
        end();
        context.close();
        controller.close();
        return;
      }
      wheel.moved(watch);
      exchange.responseBytes += piece.value.length;
      if (piece.value.length === size && size < LARGEST_READ_BYTES) size *= 2;
      given = piece.value;
      controller.enqueue(given);
    },
    cancel() {
      if (!end()) return;
      exchange.cutBy = "client";
      context.abort();
      return reader.cancel().catch(ignore);
    },
  }, { highWaterMark: 0 });
}

function ignore(): void {}

import { BodyBroken, type BodySource } from "../../http1/body_source.ts";
import type { Bytes } from "../../http1/bytes.ts";
import { letGo } from "../../http1/let_go.ts";
import type { Deadlines, Watch } from "../../time/deadline.ts";

/** What a body's limit is watched by. */
export interface BodyLimit {
  readonly deadlines: Deadlines;
  /** LISTENER_BODY_TIMEOUT: ms without a byte while one is waited for. */
  readonly limitMs: number;
}

/** A request's body, read from the stream that the platform gives. */
export class ServeBody implements BodySource {
  readonly trailers = null;
  done = false;
  readonly #stream: ReadableStream<Bytes>;
  readonly #length: number;
  readonly #limit: BodyLimit;
  #reader: ReadableStreamDefaultReader<Bytes> | null = null;
  #readBytes = 0;
  #lent: Bytes | null = null;
  #timedOut = false;
  #cancelled = false;

  /** @param length Content-Length; below 0 if it is not known. */
  constructor(stream: ReadableStream<Bytes>, length: number, limit: BodyLimit) {
    this.#stream = stream;
    this.#length = length;
    this.#limit = limit;
  }

  /** Reading has begun. */
  get begun(): boolean {
    return this.#reader !== null;
  }

  async read(): Promise<Bytes | null> {
    if (this.#lent !== null) letGo(this.#lent);
    this.#lent = null;
    if (this.done) return null;
    if (this.#cancelled) throw new BodyBroken("left", "The exchange was over before the body");
    const { value, done } = await this.#next();
    if (this.#cancelled) {
      throw this.#timedOut
        ? new BodyBroken("timeout", `Nothing of the body within ${this.#limit.limitMs} ms`)
        : new BodyBroken("left", "The exchange was over before the body");
    }
    if (done) {
      // The platform ends a body that its client cut short with an error, but never trust a length to someone else.
      if (this.#length >= 0 && this.#readBytes !== this.#length) {
        throw new BodyBroken("malformed", `The body ended after ${this.#readBytes} of ${this.#length} bytes`);
      }
      this.done = true;
      return null;
    }
    this.#readBytes += value.length;
    if (this.#readBytes === this.#length) this.#end();
    return this.#lent = value;
  }

  /**
   * Ends the reading. Without this call the platform keeps the client's socket after its end until
   * garbage is collected: a file for each such request.
   */
  cancel(): void {
    if (this.done || this.#cancelled) return;
    this.#cancelled = true;
    this.#reader?.cancel().catch(ignore);
  }

  async #next(): Promise<ReadableStreamReadResult<Bytes>> {
    const reader = this.#reader ??= this.#stream.getReader();
    const watch = this.#watch();
    try {
      for (;;) {
        const piece = await reader.read();
        // The platform gives an empty piece if there is no body at all.
        if (piece.done || piece.value.length > 0) return piece;
      }
    } catch (error) {
      if (this.#cancelled) return { done: true, value: undefined };
      throw whyBroken(error);
    } finally {
      this.#limit.deadlines.close(watch);
    }
  }

  #watch(): Watch {
    const { deadlines, limitMs } = this.#limit;
    return deadlines.watch(limitMs, deadlines.nowMs, () => {
      // The shutdown ends the exchange by its own watch.
      if (deadlines.closing) return;
      this.#timedOut = true;
      this.cancel();
    });
  }

  /**
   * All that was announced has come. Without the call to `cancel` the platform closes the client's connection behind
   * the response.
   */
  #end(): void {
    this.done = true;
    this.#reader!.cancel().catch(ignore);
  }
}

/**
 * Tells a client that left from one that may be there still, and is to be told that its body is broken. Text is all
 * that the platform gives: a body that is malformed is `invalid`, and one whose client ended its side is a resource
 * that is gone.
 */
function whyBroken(error: unknown): BodyBroken {
  const text = String(error);
  return error instanceof Deno.errors.BadResource || text.includes("invalid")
    ? new BodyBroken("malformed", `The request's body is broken: ${text}`)
    : new BodyBroken("left", `The client broke off its body: ${text}`);
}

function ignore(): void {}

import { type BodySource, Superseded } from "../../http1/body_source.ts";
import type { Bytes } from "../../http1/bytes.ts";
import { letGo } from "../../http1/let_go.ts";
import type { Cancellation, TargetRequest } from "../target_request.ts";
import { SizedBody } from "./sized_body.ts";

/** Tells whether `fetch` would send a request of this method without its body. */
export function dropsBody(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** Gives a request's body as `fetch` takes it. */
export function fetchBody({ body, bodyLength, cancellation }: TargetRequest): BodyInit | null {
  if (body === null) return null;
  if (body instanceof Uint8Array) return body.slice();
  const stream = streamOf(body, cancellation);
  return bodyLength >= 0 ? new SizedBody(stream, bodyLength) : stream;
}

/**
 * A body as a stream. The source lends its pieces, and `fetch` keeps up to 1,024 of them in a queue: so each is copied.
 */
function streamOf(source: BodySource, cancellation: Cancellation): ReadableStream<Bytes> {
  let given: Bytes | null = null;
  return new ReadableStream<Bytes>({
    async pull(controller) {
      // The next piece is wanted, so the platform has taken the last one.
      if (given !== null) letGo(given);
      given = null;
      try {
        const piece = await source.read();
        if (piece === null) return controller.close();
        controller.enqueue(given = piece.slice());
      } catch (error) {
        if (!(error instanceof Superseded)) cancellation.bodyBroken(error);
        controller.error(error);
      }
    },
  }, { highWaterMark: 0 });
}

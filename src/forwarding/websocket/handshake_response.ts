import type { IncomingMessage } from "node:http";
import { hasNoBody } from "../../http1/framing.ts";
import { isHopByHop } from "../../http1/hop_by_hop.ts";
import { listOf, pairsOf } from "./upgrade_request.ts";

/** Turns a target's HTTP response to a handshake into the client's; null if its status can't be passed on. */
export function handshakeResponse(message: IncomingMessage): Response | null {
  const status = message.statusCode ?? 0;
  if (status < 200 || status > 599) return null;
  const pairs = pairsOf(message.rawHeaders);
  const dropped = new Set(pairs.flatMap(([name, value]) => name.toLowerCase() === "connection" ? listOf(value) : []));
  const headers = new Headers();
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    if (!isHopByHop(key) && !dropped.has(key)) headers.append(name, value);
    // The Upgrade of a 426 names the protocols that the target accepts (RFC 9110 section 15.5.22).
    else if (key === "upgrade" && status === 426) headers.append(name, value);
  }
  if (headers.has("upgrade")) headers.set("connection", "upgrade");
  const bodyless = status === 205 || hasNoBody(status, "GET");
  if (bodyless) message.resume();
  const body = bodyless ? null : bytesOf(message);
  return new Response(body, { status, statusText: message.statusMessage, headers });
}

/** The body as a byte stream; it fails if the target ends it early. */
function bytesOf(message: IncomingMessage): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = message[Symbol.asyncIterator]();
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (!done) return controller.enqueue(new Uint8Array(value));
      controller.close();
      // A reader that brought its own buffer waits for it.
      controller.byobRequest?.respond(0);
    },
    cancel() {
      message.destroy();
    },
  });
}

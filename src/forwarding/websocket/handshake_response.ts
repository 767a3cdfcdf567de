import type { IncomingMessage } from "node:http";
import type { BodySource } from "../../http1/body_source.ts";
import type { Bytes } from "../../http1/bytes.ts";
import type { FieldLines } from "../../http1/field_lines.ts";
import { hasNoBody, parseLength } from "../../http1/framing.ts";
import { isFieldValue, isToken } from "../../http1/tokens.ts";
import type { MessageSocket } from "../../http1/tunnel_end.ts";
import type { TargetResponse } from "../target_request.ts";
import { linesOf } from "./handshake_headers.ts";

/** A target's 101. @param lines Its headers for the client. */
export function switched(socket: MessageSocket, lines: FieldLines): TargetResponse {
  const close = () => socket.terminate();
  return {
    status: 101,
    phrase: null,
    lines,
    contentLength: -1,
    body: null,
    close,
    tunnel: () => ({ kind: "messages", socket, close }),
  };
}

/** Another response of a target to a handshake: 401, 403, 426, a redirect. Null if its head can't be passed on. */
export function refused(message: IncomingMessage): TargetResponse | null {
  const status = message.statusCode ?? 0;
  if (status < 200 || status > 599 || !isFieldValue(message.statusMessage ?? "")) return null;
  if (!message.rawHeaders.every((text, i) => i % 2 === 0 ? isToken(text) : isFieldValue(text))) return null;
  const lines = linesOf(message.rawHeaders);
  const length = lines.get("content-length");
  const bodiless = status === 205 || hasNoBody(status, "GET");
  if (bodiless) message.resume();
  return {
    status,
    phrase: message.statusMessage ?? null,
    lines,
    contentLength: length === null ? -1 : parseLength(length),
    body: bodiless ? null : new MessageBody(message),
    close: () => message.destroy(),
    tunnel() {
      throw new TypeError("The target did not switch protocols");
    },
  };
}

/** The body of a response as node:http reads it; a read rejects if the target ends it early. */
class MessageBody implements BodySource {
  readonly trailers = null;
  done = false;
  readonly #pieces: AsyncIterator<Uint8Array>;

  constructor(message: IncomingMessage) {
    this.#pieces = message[Symbol.asyncIterator]();
  }

  async read(): Promise<Bytes | null> {
    const { done, value } = await this.#pieces.next();
    if (!done) return new Uint8Array(value);
    this.done = true;
    return null;
  }
}

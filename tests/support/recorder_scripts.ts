import { latin1 } from "./raw_socket.ts";
import type { AnswerScript, Turn } from "./recorder_target.ts";

/** Answers with a status, header lines and a body with its Content-Length; HEAD, 204 and 304 get the head alone. */
export function answer(
  status: number,
  headers: readonly string[] = [],
  body: string | Uint8Array = "",
): AnswerScript {
  return async (turn) => {
    await turn.body();
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    const bodyless = status === 204 || status === 304;
    const length = bodyless ? [] : [`Content-Length: ${bytes.length}`];
    await turn.socket.send([`HTTP/1.1 ${status} Status`, ...length, ...headers, "", ""].join("\r\n"));
    if (turn.method !== "HEAD" && !bodyless && bytes.length > 0) await turn.socket.send(bytes);
  };
}

/** Answers 200 with `body`. */
export function okay(body = "ok"): AnswerScript {
  return answer(200, ["Content-Type: text/plain"], body);
}

/** Answers with exactly these bytes (text as Latin-1), valid or not; `close` ends the connection after them. */
export function bytes(content: string | Uint8Array, options: { close?: boolean } = {}): AnswerScript {
  return async (turn) => {
    await turn.body();
    await turn.socket.send(content);
    if (options.close) await closeGently(turn);
  };
}

/** Never answers: holds the request until the other side leaves. */
export function hang(): AnswerScript {
  return async (turn) => {
    await untilLeft(turn);
  };
}

/** Takes the request and closes the connection without a byte of an answer. */
export function closeBeforeHeaders(): AnswerScript {
  return async (turn) => {
    await turn.body();
    await turn.socket.close();
  };
}

/** Takes the request and resets the connection (RST). */
export function resetBeforeHeaders(): AnswerScript {
  return async (turn) => {
    await turn.body();
    await turn.socket.reset();
  };
}

/** Announces `announced` bytes, sends `sent` of them and breaks off: by a close, or by a reset. */
export function breakOff(announced: number, sent: number, how: "close" | "reset" = "close"): AnswerScript {
  return async (turn) => {
    await turn.body();
    await turn.socket.send(`HTTP/1.1 200 OK\r\nContent-Length: ${announced}\r\n\r\n${"x".repeat(sent)}`);
    if (how === "reset") await turn.socket.reset();
    else await closeGently(turn);
  };
}

/** Sends a chunked body and breaks off before its last chunk. */
export function breakOffChunked(chunks: readonly string[]): AnswerScript {
  return async (turn) => {
    await turn.body();
    await turn.socket.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.map(chunk).join("")}`);
    await closeGently(turn);
  };
}

/** Answers with a chunked body; `everyMs` passes before each chunk. */
export function chunked(
  chunks: readonly string[],
  options: { headers?: readonly string[]; everyMs?: number; trailers?: readonly string[] } = {},
): AnswerScript {
  return async (turn) => {
    await turn.body();
    const head = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", ...options.headers ?? [], "", ""];
    await turn.socket.send(head.join("\r\n"));
    for (const part of chunks) {
      if (options.everyMs !== undefined && await turn.socket.endedWithin(options.everyMs)) return;
      await turn.socket.send(chunk(part));
    }
    await turn.socket.send(["0", ...options.trailers ?? [], "", ""].join("\r\n"));
  };
}

/** Waits `delayMs`, then answers by `then`. */
export function slow(delayMs: number, then: AnswerScript = okay()): AnswerScript {
  return async (turn) => {
    await turn.body();
    if (await turn.socket.endedWithin(delayMs)) return;
    await then(turn);
  };
}

/** Sends an informational answer (100, 103) first, then answers by `then`. */
export function informational(
  status: number,
  headers: readonly string[] = [],
  then: AnswerScript = okay(),
): AnswerScript {
  return async (turn) => {
    await turn.socket.send([`HTTP/1.1 ${status} Informational`, ...headers, "", ""].join("\r\n"));
    await then(turn);
  };
}

/** Answers with what is no HTTP at all, and closes. */
export function garbage(): AnswerScript {
  return bytes(latin1("\x00\x01garbage\xff\xfe\r\n\r\n"), { close: true });
}

/** Answers the first request by the first script, the second by the second ...; the last one serves all that follow. */
export function inTurn(...scripts: readonly AnswerScript[]): AnswerScript {
  let next = 0;
  return (turn) => scripts[Math.min(next++, scripts.length - 1)]?.(turn);
}

/** Answers by path; `otherwise` serves all others. */
export function byPath(scripts: Record<string, AnswerScript>, otherwise: AnswerScript = okay()): AnswerScript {
  return (turn) => (scripts[turn.path.split("?")[0] ?? ""] ?? otherwise)(turn);
}

function chunk(content: string): string {
  return `${content.length.toString(16)}\r\n${content}\r\n`;
}

async function untilLeft(turn: Turn): Promise<void> {
  await turn.socket.untilEnded(10 * 60_000);
  await turn.socket.close();
}

/**
 * Ends the sending side and waits until the other side has gone too, so that no unread byte turns the end into a reset.
 */
async function closeGently(turn: Turn): Promise<void> {
  turn.socket.halfClose();
  await turn.socket.untilEnded(10 * 60_000);
  await turn.socket.close();
}

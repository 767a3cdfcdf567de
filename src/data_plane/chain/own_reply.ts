import type { Reply } from "../../front/reply.ts";
import type { Exchange } from "../../forwarding/exchange.ts";
import type { Reason } from "../../state/reason.ts";
import { type OwnAnswerSettings, ownMessage } from "./own_answer.ts";

const encoder = new TextEncoder();

/** Answers with a response of sluice's own and notes it in the exchange. */
export async function ownReply(
  exchange: Exchange,
  reason: Reason,
  { settings, reply }: { readonly settings: OwnAnswerSettings; readonly reply: Reply },
): Promise<void> {
  const { status, headers, text } = ownMessage(exchange, reason, settings);
  const body = encoder.encode(text);
  const own = headers.filter(([name]) => name !== "content-length");
  await send(reply, { status, own: [...own, ["Content-Length", String(body.length)]], body });
  if (exchange.method !== "HEAD") exchange.responseBytes = body.length;
}

/** Sends a whole response of sluice's own. A client that is gone takes nothing, and is told nothing. */
export async function send(
  reply: Reply,
  { status, own, body }: {
    readonly status: number;
    readonly own: readonly (readonly [string, string])[];
    readonly body: Uint8Array<ArrayBuffer>;
  },
): Promise<void> {
  try {
    reply.head({ status, phrase: null, lines: null, own, bodyLength: body.length });
    await reply.end(body);
  } catch {
    reply.cut();
  }
}

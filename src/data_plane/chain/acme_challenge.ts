import type { ListenerConfig } from "../../config/model.ts";
import type { ControlQuestions } from "./control_questions.ts";
import type { Exchange, Received } from "./exchange.ts";
import { type OwnResponseParts, sendOwn } from "./own_response.ts";

/** Where an ACME directory looks for what proves that a name is served here (RFC 8555 section 8.3). */
const PREFIX = "/.well-known/acme-challenge/";
const encoder = new TextEncoder();

/** Returns the token that a request asks for, which may be an ACME challenge of sluice's own; null if it is none. */
export function challengeToken({ path, method }: Received, { acme }: Pick<ListenerConfig, "acme">): string | null {
  if (acme === null || method !== "GET" || !path.startsWith(PREFIX)) return null;
  return path.slice(PREFIX.length);
}

/** Answers a challenge that is open; false if this is none, and the request goes by the rules. */
export async function answerChallenge(
  exchange: Exchange,
  { token, challenges, parts }: {
    readonly token: string;
    readonly challenges: ControlQuestions<string | null, string>;
    readonly parts: OwnResponseParts;
  },
): Promise<boolean> {
  const text = await challenges.ask(token);
  if (text === null) return false;
  const body = encoder.encode(text);
  exchange.outcome.status = 200;
  exchange.outcome.responseBytes = body.length;
  await sendOwn(exchange, { status: 200, own: [["Content-Type", "application/octet-stream"]], body }, parts);
  return true;
}

import type { ListenerConfig } from "../../config/model.ts";
import type { ControlQuestions } from "./control_questions.ts";
import type { Exchange, Received } from "./exchange.ts";
import { type OwnResponseParts, sendOwn } from "./own_response.ts";
import { identify } from "./request_id.ts";

const encoder = new TextEncoder();

/** Tells whether a request is for the statistics: a read of STATS_PATH. */
export function asksForStats({ path, method }: Received, { statsPath }: Pick<ListenerConfig, "statsPath">): boolean {
  return path === statsPath && (method === "GET" || method === "HEAD");
}

/** Sends the statistics. Names of groups may hold any character, and bytes are what is counted. */
export async function sendStats(
  exchange: Exchange,
  questions: ControlQuestions<string>,
  parts: OwnResponseParts,
): Promise<void> {
  identify(exchange, parts.settings.headerConvention);
  const body = encoder.encode(await questions.ask());
  exchange.outcome.status = 200;
  if (exchange.received.method !== "HEAD") exchange.outcome.responseBytes = body.length;
  const own: [string, string][] = [
    ["Content-Type", "application/json"],
    ["Cache-Control", "no-store"],
    ...exchange.outcome.extraResponseHeaders ?? [],
  ];
  await sendOwn(exchange, { status: 200, own, body }, parts);
}

import type { ListenerConfig } from "../../config/model.ts";
import type { Exchange, Received } from "./exchange.ts";
import { type OwnResponseParts, sendOwn } from "./own_response.ts";
import { identify } from "./request_id.ts";

const encoder = new TextEncoder();

/** Questions for the statistics, which the control plane answers: asked for by hand, never on the way to a target. */
export class StatsRequests {
  readonly #ask: (id: number) => void;
  readonly #waiting = new Map<number, (json: string) => void>();
  #lastId = 0;

  constructor(ask: (id: number) => void) {
    this.#ask = ask;
  }

  /** Asks for the statistics. */
  request(): Promise<string> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#ask(id);
    });
  }

  /** Takes the control plane's answer. */
  answer(id: number, json: string): void {
    this.#waiting.get(id)?.(json);
    this.#waiting.delete(id);
  }
}

/** Tells whether a request is for the statistics: a read of STATS_PATH. */
export function asksForStats({ path, method }: Received, { statsPath }: Pick<ListenerConfig, "statsPath">): boolean {
  return path === statsPath && (method === "GET" || method === "HEAD");
}

/** Sends the statistics. Names of groups may hold any character, and bytes are what is counted. */
export async function sendStats(exchange: Exchange, requests: StatsRequests, parts: OwnResponseParts): Promise<void> {
  identify(exchange, parts.settings.headerConvention);
  const body = encoder.encode(await requests.request());
  exchange.outcome.status = 200;
  if (exchange.received.method !== "HEAD") exchange.outcome.responseBytes = body.length;
  const own: [string, string][] = [
    ["Content-Type", "application/json"],
    ["Cache-Control", "no-store"],
    ...exchange.outcome.extraResponseHeaders ?? [],
  ];
  await sendOwn({ status: 200, own, body }, parts);
}

import type { ListenerConfig } from "../../config/model.ts";
import type { Exchange } from "../../forwarding/exchange.ts";
import type { Middleware } from "./chain.ts";
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
export function asksForStats({ path, method }: Exchange, { statsPath }: Pick<ListenerConfig, "statsPath">): boolean {
  return path === statsPath && (method === "GET" || method === "HEAD");
}

/** Serves the statistics at STATS_PATH, before any rule can hide them. */
export function serveStats(requests: StatsRequests): Middleware {
  return (next) =>
    function serveStats(passage) {
      const { exchange, compiled } = passage;
      if (!asksForStats(exchange, compiled.snapshot.listener)) return next(passage);
      identify(exchange, compiled.snapshot.listener.headerConvention);
      return requests.request().then((json) => {
        exchange.status = 200;
        // Names of groups may hold any character, and bytes are what is counted.
        const body = exchange.method === "HEAD" ? null : encoder.encode(json);
        exchange.responseBytes = body?.length ?? 0;
        return new Response(body, {
          headers: [
            ["content-type", "application/json"],
            ["cache-control", "no-store"],
            ...exchange.extraResponseHeaders ?? [],
          ],
        });
      });
    };
}

import { Hono } from "hono";
import type { Handler, Passage } from "./chain.ts";
import { Exchange } from "../../forwarding/exchange.ts";
import type { Clock } from "../../time/clock.ts";
import type { CompiledSnapshot } from "../compiled_snapshot.ts";

/** What the catch-all gets: the request is on its way already, so Hono need not look at it. */
interface Bindings {
  Bindings: Passage;
}

/** What the catch-all works with. */
export interface AppParts {
  readonly clock: Clock;
  /** Makes the id of a request that brings none. */
  nextId(): string;
  /** The snapshot to serve by, as of now. */
  current(): CompiledSnapshot;
}

/** Answers what `Deno.serve` brings. */
export interface App {
  fetch(request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>): Response | Promise<Response>;
}

/**
 * Makes the listener's application: one catch-all for every method and path, which walks the folded chain. HEAD goes around
 * Hono, which makes a second answer without a body of it, and with that `Content-Length: 0` where the target gave no length.
 *
 * There is one route, so Hono need not cut the path out of the URL: every request is said to be for `/`, which it looks up
 * instead of running an expression over it. And the passage comes as its environment, which saves its own wrapper around the
 * request.
 */
export function createApp(chain: Handler, parts: AppParts): App {
  const app = new Hono<Bindings>({ getPath: () => "/" });
  app.all("/", (c) => chain(c.env));
  return {
    fetch(request, info) {
      const exchange = new Exchange(request, parts.clock.monotonicMs());
      exchange.requestId = parts.nextId();
      const passage: Passage = { exchange, compiled: parts.current(), info };
      return exchange.method === "HEAD" ? chain(passage) : app.fetch(request, passage);
    },
  };
}

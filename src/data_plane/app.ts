import { Hono } from "hono";
import type { Handler } from "./chain.ts";
import { Exchange } from "../forwarding/exchange.ts";
import type { Clock } from "../time/clock.ts";
import type { CompiledSnapshot } from "./compiled_snapshot.ts";

/** What `Deno.serve` hands on beside the request. */
interface Bindings {
  Bindings: Deno.ServeHandlerInfo<Deno.NetAddr>;
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
export type Serve = (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => Response | Promise<Response>;

/**
 * Makes the listener's application: one catch-all for every method and path, which walks the folded chain. HEAD goes around
 * Hono, which makes a second answer without a body of it, and with that `Content-Length: 0` where the target gave no length.
 */
export function createApp(chain: Handler, parts: AppParts): { readonly fetch: Serve } {
  const serve: Serve = (request, info) => {
    const exchange = new Exchange(request, parts.clock.monotonicMs());
    exchange.requestId = parts.nextId();
    return chain({ exchange, compiled: parts.current(), info });
  };
  const app = new Hono<Bindings>();
  app.all("*", (c) => serve(c.req.raw, c.env));
  return { fetch: (request, info) => request.method === "HEAD" ? serve(request, info) : app.fetch(request, info) };
}

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

/** Makes the listener's application: one catch-all for every method and path, which walks the folded chain. */
export function createApp(chain: Handler, parts: AppParts): Hono<Bindings> {
  const app = new Hono<Bindings>();
  app.all("*", (c) => {
    const exchange = new Exchange(c.req.raw, parts.clock.monotonicMs());
    exchange.requestId = parts.nextId();
    return chain({ exchange, compiled: parts.current(), info: c.env });
  });
  return app;
}

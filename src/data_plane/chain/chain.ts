import type { Exchange } from "../../forwarding/exchange.ts";
import type { CompiledSnapshot } from "../compiled_snapshot.ts";

/** One request in the chain: its exchange, and the snapshot that it is served by from beginning to end. */
export interface Passage {
  readonly exchange: Exchange;
  readonly compiled: CompiledSnapshot;
  readonly info: Deno.ServeHandlerInfo<Deno.NetAddr>;
}

/** Answers a request, or hands it on. */
export type Handler = (passage: Passage) => Response | Promise<Response>;

/** Makes a named handler around the next one. */
export type Middleware = (next: Handler) => Handler;

/** Folds the chain once, at the start: a request walks plain function calls, and nothing is made for it on the way. */
export function foldChain(middleware: readonly Middleware[], last: Handler): Handler {
  return middleware.reduceRight((next, make) => make(next), last);
}

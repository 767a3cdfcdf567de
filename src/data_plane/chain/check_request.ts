import type { Middleware } from "./chain.ts";
import { ownAnswer } from "./own_answer.ts";
import { readRequestHead } from "./request_head.ts";

/** Refuses what can't be forwarded as what it is: 400, 405. */
export function checkRequest(): Middleware {
  return (next) =>
    function checkRequest(passage) {
      const { exchange, compiled } = passage;
      const { listener } = compiled.snapshot;
      const refused = readRequestHead(exchange, listener.upstreamTransport);
      return refused === null ? next(passage) : ownAnswer(exchange, refused, listener);
    };
}

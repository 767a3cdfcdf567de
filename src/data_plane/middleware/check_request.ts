import type { Middleware } from "../chain.ts";
import { ownAnswer } from "../own_answer.ts";
import { readRequestHead } from "../request_head.ts";

/** Refuses what can't be forwarded as what it is: 400, 405. */
export function checkRequest(): Middleware {
  return (next) =>
    function checkRequest(passage) {
      const { exchange, compiled } = passage;
      const refused = readRequestHead(exchange);
      return refused === null ? next(passage) : ownAnswer(exchange, refused, compiled.snapshot.listener);
    };
}

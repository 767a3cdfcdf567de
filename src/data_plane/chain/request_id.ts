import type { Exchange } from "./exchange.ts";
import { isSaneRequestId } from "../../forwarding/headers/request_lines.ts";

/**
 * Gives a request that ends before its headers were walked through the id that it would have got there: the client's
 * own if that is well formed; else, with HEADER_CONVENTION_ENABLE, a UUID. With the convention the response carries it.
 */
export function identify({ received, outcome }: Exchange, headerConvention: boolean): void {
  if (received.identified) return;
  received.identified = true;
  const id = received.header("x-request-id");
  if (id !== null && isSaneRequestId(id)) received.requestId = id;
  else if (headerConvention) received.requestId = crypto.randomUUID();
  if (headerConvention) outcome.addResponseHeader("X-Request-Id", received.requestId);
}

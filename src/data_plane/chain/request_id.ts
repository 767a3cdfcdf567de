import type { Exchange } from "./exchange.ts";
import { isSaneRequestId } from "../../forwarding/headers/request_lines.ts";

/**
 * Gives a request that ends before its headers were walked through the id that it would have got there: the client's own if that is
 * well formed; else, with HEADER_CONVENTION_ENABLE, a UUID. With the convention the response carries it.
 */
export function identify(exchange: Exchange, headerConvention: boolean): void {
  if (exchange.identified) return;
  exchange.identified = true;
  const id = exchange.header("x-request-id");
  if (id !== null && isSaneRequestId(id)) exchange.requestId = id;
  else if (headerConvention) exchange.requestId = crypto.randomUUID();
  if (headerConvention) exchange.addResponseHeader("X-Request-Id", exchange.requestId);
}

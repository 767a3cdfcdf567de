import type { HashKey } from "../config/model.ts";
import { ownPart } from "../state/own_text.ts";
import { cookieValue, nextCookie } from "./cookies.ts";

/** What a hash key may be made of. */
export interface KeyedRequest {
  /** As sluice sees it: after TRUSTED_PROXIES. */
  readonly clientAddress: string;
  /** The canonical path, without the query. */
  readonly path: string;
  /** A header's value, null if there is none. */
  header(name: string): string | null;
}

/**
 * Takes a request's HASH_KEY. A request without the header or cookie is hashed by its client's address: one key for all
 * of them would put them all on one target.
 */
export function hashKeyOf(hashKey: HashKey, request: KeyedRequest): string {
  switch (hashKey.from) {
    case "client-ip":
      return request.clientAddress;
    case "path":
      return request.path;
    case "header":
      return request.header(hashKey.name) || request.clientAddress;
    case "cookie": {
      const cookies = request.header("cookie");
      const start = cookies === null ? -1 : nextCookie(cookies, hashKey.name, 0);
      return (start === -1 ? "" : ownPart(cookieValue(cookies!, start), cookies!)) || request.clientAddress;
    }
  }
}

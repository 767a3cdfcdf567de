import { isWildcard } from "../../config/values/address_values.ts";
import { hostPort } from "../../state/group_snapshot.ts";

/** The URL of a listener, as seen from this machine. */
export function urlFromHere(host: string, port: number, scheme: "http" | "https" = "http"): string {
  return `${scheme}://${hostPort(isWildcard(host) ? "127.0.0.1" : host, port)}`;
}

/** Says where a listener listens; a wildcard means every address, also those that other machines reach. */
export function whereItListens(host: string, port: number, scheme: "http" | "https" = "http"): string {
  const url = urlFromHere(host, port, scheme);
  return isWildcard(host) ? `${hostPort(host, port)}, every address of this machine; from here ${url}` : url;
}

import { isWildcard } from "../../config/values/address_values.ts";
import { hostPort } from "../../state/group_snapshot.ts";

/** The URL by which this machine reaches what listens there. */
export function urlFromHere(host: string, port: number): string {
  return `http://${hostPort(isWildcard(host) ? "127.0.0.1" : host, port)}`;
}

/** Says where something listens, as it is: a wildcard means every address, also those that other machines reach. */
export function whereItListens(host: string, port: number): string {
  const url = urlFromHere(host, port);
  return isWildcard(host) ? `${hostPort(host, port)}, every address of this machine; from here ${url}` : url;
}

import { type Snapshot, type TargetSnapshot } from "../../state/group_snapshot.ts";

/**
 * Tells whether a target surely is the listener itself, so that a request to it comes back. Other addresses of this
 * machine are not known here: such a loop is found when it happens, by `Via`.
 */
export function isListenerItself(target: TargetSnapshot, { listener, listenerPort, tlsPort }: Snapshot): boolean {
  const port = target.scheme === "http" ? listenerPort : tlsPort;
  if (port === 0 || target.port !== port) return false;
  const { host } = listener;
  const { address } = target;
  if (address === host) return true;
  // Connecting to a wildcard reaches loopback.
  if (isWildcard(host)) return isLoopback(address) || isWildcard(address);
  return (isWildcard(address) && isLoopback(host)) || (host === "localhost" && isLoopback(address));
}

function isWildcard(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1" || address === "localhost";
}

import type { ListenerConfig } from "../config/model.ts";
import type { TlsConfig } from "../config/tls.ts";
import { formatDuration } from "../config/values/duration.ts";

/** Says what the listener's engine allows its clients, and what only the other engine can do: a line for each. */
export function clientLimits(
  { front, bodyTimeoutMs, tls }: Pick<ListenerConfig, "front" | "bodyTimeoutMs" | "tls">,
): string[] {
  const body = `the next byte of a body ${within(bodyTimeoutMs)}`;
  if (front.engine === "serve") {
    return [
      `${body}; no limit on slow heads, on idle connections or on their number (the engine wire limits them)`,
      "header names in lower case; no trailers, no interim responses, no upgrade but WebSocket",
      ...tls === null ? [] : ["HTTP/1.1 and HTTP/2 on LISTENER_TLS_PORT"],
    ];
  }
  const { headTimeoutMs, idleTimeoutMs, writeTimeoutMs, maxConnections, maxConnectionsPerClient } = front;
  const idle = idleTimeoutMs === 0 ? "idle connections stay open" : `idle for ${formatDuration(idleTimeoutMs)} at most`;
  const most = maxConnections === "auto" ? "as many as there are descriptors for" : `${maxConnections} at most`;
  const each = maxConnectionsPerClient === 0 ? "any number" : `${maxConnectionsPerClient} at most`;
  return [
    `a head ${within(headTimeoutMs)}, ${body}, a byte of the response taken ${within(writeTimeoutMs)}, ${idle}`,
    `connections: ${most}; of one client: ${each}`,
    "header lines, trailers, interim responses and upgrades as they come; HTTP/1.0 and HTTP/1.1",
    ...tls === null ? [] : [http2Text(tls)],
  ];
}

function http2Text({ http2 }: TlsConfig): string {
  return http2
    ? "HTTP/2 on LISTENER_TLS_PORT: header names in lower case; no upgrades"
    : "no HTTP/2 (LISTENER_HTTP2=false)";
}

function within(ms: number): string {
  return ms === 0 ? "at any time" : `within ${formatDuration(ms)}`;
}

import { type Problem, problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import type { SettingsReader } from "../settings_reader.ts";
import { adviceOnSeconds, duration, formatDuration } from "../values/duration.ts";
import type { Scene, Topic } from "./topic.ts";
import { define, type ValuesOf } from "./variable.ts";

/** How long one request may take, or be silent. */
export const TIMEOUTS = {
  connectionTimeoutMs: define("CONNECTION_TIMEOUT", {
    kind: duration(1),
    default: "5000",
    doorDefaults: { backend_list: "10000" },
    meaning: "Time from sending a request to a target until the response's headers, all attempts together; then 504. " +
      "It starts again with each piece of the request's body, and stops while sluice waits for the client's body.",
    example: "1000",
    advice: adviceOnSeconds,
  }),
  connectTimeoutMs: define("CONNECT_TIMEOUT", {
    kind: duration(1),
    default: "2000",
    meaning:
      "Time to open a connection to a target, TLS included; then sluice tries another target, since nothing was " +
      "sent. At most half of `CONNECTION_TIMEOUT`. Requests sent by `fetch` have only `CONNECTION_TIMEOUT` " +
      "([transports.md](transports.md#what-differs)).",
    example: "500",
    advice: adviceOnSeconds,
  }),
  bodyTimeoutMs: define("LISTENER_BODY_TIMEOUT", {
    kind: duration(0),
    default: "30000",
    meaning: "A client that sends nothing of its request's body for this long gets 408, and sluice closes the " +
      "connection; if the response has begun, sluice closes it at once. 0: no limit.",
    example: "10s",
    advice: adviceOnSeconds,
  }),
  streamIdleTimeoutMs: define("STREAM_IDLE_TIMEOUT", {
    kind: duration(0),
    default: "300000",
    meaning: "sluice closes an open exchange if neither side sends a byte for this long; 0: never.",
    example: "10m",
    advice: adviceOnSeconds,
  }),
};

/**
 * Parses the timeouts. CONNECT_TIMEOUT is at most half of CONNECTION_TIMEOUT, so that a second target gets as much
 * time.
 */
export function parseTimeouts(reader: SettingsReader): ValuesOf<typeof TIMEOUTS> {
  const timeouts = reader.readAll(TIMEOUTS);
  const mostMs = Math.max(1, Math.floor(timeouts.connectionTimeoutMs / 2));
  if (timeouts.connectTimeoutMs <= mostMs) return timeouts;
  const value = formatDuration(mostMs);
  const setting = reader.settings.find(({ variable }) => variable === TIMEOUTS.connectTimeoutMs.name)!;
  reader.record({ ...setting, value, origin: `${setting.origin}, cut to half of CONNECTION_TIMEOUT` });
  const found = reader.find(TIMEOUTS.connectTimeoutMs);
  if (found !== null) {
    const whole = formatDuration(timeouts.connectionTimeoutMs);
    const text = `${quote(found.text)} is more than half of CONNECTION_TIMEOUT (${whole}): sluice uses ${value}`;
    reader.warn([problemOf(found.label, text)]);
  }
  return { ...timeouts, connectTimeoutMs: mostMs };
}

/** `fetch` does not tell when a connection is open, so only the timeout of the whole request applies there. */
function adviceOnConnecting({ config: { listener }, reader }: Scene): Problem[] {
  const found = reader.find(TIMEOUTS.connectTimeoutMs);
  if (found === null || listener.upstreamTransport === "wire") return [];
  const text = `${quote(found.text)} has no effect with UPSTREAM_TRANSPORT=fetch, except for WebSockets: only ` +
    "CONNECTION_TIMEOUT applies";
  return [problemOf(found.label, text)];
}

export const TIMEOUTS_TOPIC: Topic = { name: "timeouts", variables: TIMEOUTS, adviceOn: adviceOnConnecting };

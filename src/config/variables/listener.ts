import type { ListenerConfig } from "../model.ts";
import type { SettingsReader } from "../settings_reader.ts";
import { HOST } from "../values/address_values.ts";
import { adviceOnSeconds, duration } from "../values/duration.ts";
import { PATH } from "../values/path_values.ts";
import { SIZE } from "../values/size.ts";
import { BOOLEAN, integer, LISTEN_PORT, orNullFor, orWord } from "../values/value_kind.ts";
import { FORWARDING } from "./forwarding.ts";
import { parseFront } from "./front.ts";
import { HEADERS, parseHeaderEdits } from "./headers.ts";
import { OWN_RESPONSES } from "./own_responses.ts";
import { parseTimeouts, TIMEOUTS } from "./timeouts.ts";
import { isAcmeEnabled } from "./acme.ts";
import { parseTls } from "./tls.ts";
import type { Topic } from "./topic.ts";
import { define } from "./variable.ts";

/** No machine has more cores, and each thread costs memory. */
const MOST_WORKERS = 256;

/** Where clients connect, who serves them, and how sluice shuts down. */
const LISTENER = {
  host: define("LISTENER_HOST", {
    kind: HOST,
    default: "0.0.0.0",
    meaning: "Address of the listener. `HOST` is read only with a backend list, because some shells set it.",
    example: "127.0.0.1",
    aliases: ["HOST"],
    aliasDoor: "backend_list",
    restart: true,
  }),
  port: define("LISTENER_PORT", {
    kind: orNullFor("off", LISTEN_PORT),
    default: "8080",
    meaning: "Port of the listener; 0 takes a free port and logs it; `off`: none, if there is a `LISTENER_TLS_PORT`.",
    example: "80",
    aliases: ["PORT"],
    restart: true,
  }),
  workers: define("LISTENER_WORKERS", {
    kind: orWord("auto", integer(1, MOST_WORKERS, "threads")),
    default: "auto",
    meaning:
      "Threads that serve requests. `auto`: one for each available core. 1: if there is no `LISTENER_TLS_PORT`, the " +
      "main thread serves, which needs variables of the platform's ([platform.md](platform.md)).",
    example: "2",
    restart: true,
  }),
  takeover: define("LISTENER_TAKEOVER", {
    kind: BOOLEAN,
    default: "false",
    meaning: "Start even if another sluice holds the port, for a rolling replacement.",
    example: "true",
    restart: true,
  }),
  maxBodyBytes: define("MAX_BODY_BYTES", {
    kind: SIZE,
    default: "0",
    meaning: "A larger request body gets 413; 0: no limit. The units are powers of 1024.",
    example: "10m",
  }),
  statsPath: define("STATS_PATH", {
    kind: orNullFor("off", PATH),
    default: "off",
    doorDefaults: { backend_list: "/lb/stats" },
    meaning: "Path of the statistics on the listener; it goes before any rule.",
    example: "/lb/stats",
  }),
  shutdownDelayMs: define("SHUTDOWN_DELAY", {
    kind: duration(0),
    default: "0",
    meaning: 'Time between "not ready" and closing the listener, so that clients and load balancers notice.',
    example: "5s",
    advice: adviceOnSeconds,
  }),
  shutdownTimeoutMs: define("SHUTDOWN_TIMEOUT", {
    kind: duration(0),
    default: "30000",
    meaning: "Time for open requests to finish during shutdown.",
    example: "60s",
    advice: adviceOnSeconds,
  }),
};

/** All variables that fill fields of `ListenerConfig` itself. */
export const LISTENER_FIELDS = { ...LISTENER, ...TIMEOUTS, ...FORWARDING, ...OWN_RESPONSES };

/** Parses the listener, and what applies to every request. */
export function parseListener(reader: SettingsReader, certificates: readonly number[]): ListenerConfig {
  const listener = reader.readAll(LISTENER);
  const front = parseFront(reader);
  const acmeEnabled = isAcmeEnabled(reader);
  const tls = parseTls(reader, certificates, { ...listener, front, acmeEnabled });
  return {
    ...listener,
    tls,
    // Its names may come from rules, which are parsed later.
    acme: null,
    ...parseTimeouts(reader),
    ...reader.readAll(FORWARDING),
    front,
    headers: parseHeaderEdits(reader, HEADERS),
    ...reader.readAll(OWN_RESPONSES),
  };
}

export const LISTENER_TOPIC: Topic = { name: "listener", variables: LISTENER };

import { type Problem, problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import type { FrontConfig, ListenerEngine } from "../model.ts";
import type { SettingsReader } from "../settings_reader.ts";
import { duration } from "../values/duration.ts";
import { BOOLEAN, integer, oneOf, orWord } from "../values/value_kind.ts";
import { FORWARDING } from "./forwarding.ts";
import type { Scene, Topic } from "./topic.ts";
import { define } from "./variable.ts";

/** More connections than any machine holds. */
const MOST_CONNECTIONS = 10_000_000;

/** Limits that only the `wire` engine has. */
const WIRE_LIMITS = {
  headTimeoutMs: define("LISTENER_HEAD_TIMEOUT", {
    kind: duration(0),
    default: "10000",
    meaning: "Time from the first byte of a request, or from accepting its connection, until the end of its headers; " +
      "then sluice closes the connection, with 408 if a byte came. 0: no limit. Not with `LISTENER_ENGINE=serve`.",
    example: "5s",
  }),
  idleTimeoutMs: define("LISTENER_IDLE_TIMEOUT", {
    kind: duration(0),
    default: "60000",
    meaning:
      "sluice closes a connection that has no request for this long. 0: never. Not with `LISTENER_ENGINE=serve`.",
    example: "30s",
  }),
  writeTimeoutMs: define("LISTENER_WRITE_TIMEOUT", {
    kind: duration(0),
    default: "60000",
    meaning: "sluice closes the connection of a client that takes no byte of its response for this long. 0: never. " +
      "Not with `LISTENER_ENGINE=serve`.",
    example: "20s",
  }),
  maxConnections: define("LISTENER_MAX_CONNECTIONS", {
    kind: orWord("auto", integer(1, MOST_CONNECTIONS)),
    default: "auto",
    meaning:
      "Most open client connections of the process. At the limit, sluice closes connections that sent nothing, " +
      "then idle ones, then those with unfinished headers; if there are none, it stops accepting for now. `auto`: no " +
      "limit until file descriptors run out, then 90 % of what was open. Not with `LISTENER_ENGINE=serve`.",
    example: "4000",
  }),
  maxConnectionsPerClient: define("LISTENER_MAX_CONNECTIONS_PER_CLIENT", {
    kind: integer(0, MOST_CONNECTIONS),
    default: "0",
    meaning: "Most open connections of one address; sluice closes more at once. 0: no limit. " +
      "Not with `LISTENER_ENGINE=serve`.",
    example: "100",
  }),
  maxHeadBytes: define("LISTENER_MAX_HEAD_BYTES", {
    kind: integer(1024, 65_536, "bytes"),
    default: "65536",
    meaning:
      "A request whose line and headers are larger gets 431; a request line above 32 KiB, or above this limit, " +
      "gets 414. Not with `LISTENER_ENGINE=serve`.",
    example: "16384",
  }),
  maxHeadLines: define("LISTENER_MAX_HEAD_LINES", {
    kind: integer(8, 128),
    default: "128",
    meaning: "A request with more header lines gets 431. Not with `LISTENER_ENGINE=serve`.",
    example: "100",
  }),
};

/** The listener's engine, and the limits of its clients. */
export const FRONT = {
  engine: define("LISTENER_ENGINE", {
    kind: oneOf<ListenerEngine>(["wire", "serve"]),
    default: "wire",
    meaning: "What speaks HTTP to clients. `wire`: sluice's own engine. `serve`: the platform's `Deno.serve`, " +
      "without limits on clients ([engines.md](engines.md)).",
    example: "serve",
    restart: true,
  }),
  ...WIRE_LIMITS,
  proxyProtocol: define("LISTENER_PROXY_PROTOCOL", {
    kind: BOOLEAN,
    default: "false",
    meaning: "Each connection begins with a PROXY header, version 1 or 2, that names the client. It must come from " +
      "`TRUSTED_PROXIES`, which must be set; sluice closes every other connection. Not with `LISTENER_ENGINE=serve`.",
    example: "true",
    exampleNeeds: { TRUSTED_PROXIES: "10.0.0.0/8" },
    restart: true,
  }),
};

/** Parses what the listener's engine needs to know. */
export function parseFront(reader: SettingsReader): FrontConfig {
  const front = reader.readAll(FRONT);
  if (front.proxyProtocol) checkProxyProtocol(front, reader);
  return front;
}

/** A PROXY header can name any client, so sluice needs an engine that reads it and a list of who may send it. */
function checkProxyProtocol({ engine }: FrontConfig, reader: SettingsReader): void {
  const found = reader.find(FRONT.proxyProtocol);
  if (found === null) return;
  const refuse = (why: string) => reader.report(problemOf(found.label, `Cannot use ${quote(found.text)} ${why}`));
  if (engine === "serve") refuse("with LISTENER_ENGINE=serve: Deno.serve reads no PROXY headers");
  if (reader.find(FORWARDING.trustedProxies) === null) {
    refuse("without TRUSTED_PROXIES: only proxies in that list may name a client");
  }
}

function adviceOnLimits({ config, reader }: Scene): Problem[] {
  if (config.listener.front.engine === "wire") return [];
  return Object.values(WIRE_LIMITS).map((limit) => reader.find(limit)).filter((found) => found !== null)
    .map(({ label, text }) =>
      problemOf(
        label,
        `${quote(text)} has no effect with LISTENER_ENGINE=serve: the platform has no such limit`,
      )
    );
}

export const FRONT_TOPIC: Topic = { name: "engine", variables: FRONT, adviceOn: adviceOnLimits };

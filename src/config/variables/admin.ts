import { type Problem, problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import type { AdminConfig, ListenerConfig } from "../model.ts";
import type { SettingsReader } from "../settings_reader.ts";
import { HOST, isLoopback, isWildcard } from "../values/address_values.ts";
import { BOOLEAN, LISTEN_PORT, listOf, orWord, SECRET, SHORTEST_SECRET } from "../values/value_kind.ts";
import type { Scene, Topic } from "./topic.ts";
import { define } from "./variable.ts";

/** The admin listener. */
const ADMIN = {
  host: define("ADMIN_HOST", {
    kind: HOST,
    default: "127.0.0.1",
    meaning: "Address of the admin listener; if it is not loopback, `ADMIN_TOKEN` must be set.",
    example: "0.0.0.0",
    exampleNeeds: { ADMIN_TOKEN: "4f9c2e7ab1d05c36" },
    restart: true,
  }),
  port: define("ADMIN_PORT", {
    kind: orWord("off", LISTEN_PORT),
    default: "9901",
    meaning:
      "Port of the admin listener; 0 takes a free port. If it is not set and 9901 is in use, sluice takes a free " +
      "port.",
    example: "9000",
    restart: true,
  }),
  token: define("ADMIN_TOKEN", {
    kind: SECRET,
    meaning:
      "Token that every request to the admin listener needs, as `Authorization: Bearer`, except for `/livez` and " +
      "`/readyz`.",
    example: "4f9c2e7ab1d05c36",
    secret: true,
    restart: true,
    advice: (token) =>
      token.length < SHORTEST_SECRET ? [`Shorter than ${SHORTEST_SECRET} characters: it can be guessed`] : [],
  }),
  hosts: define("ADMIN_HOSTS", {
    kind: listOf(HOST, "list of host names"),
    meaning: "Host names that admin requests may have in `Host`, besides addresses and `localhost`.",
    example: "sluice.internal.example",
    restart: true,
  }),
  metricsPublic: define("METRICS_PUBLIC", {
    kind: BOOLEAN,
    default: "false",
    meaning: "Serve `/metrics` without the token.",
    example: "true",
    restart: true,
  }),
};

/** Parses the admin listener. It can take targets out, so it needs a token if other machines can reach it. */
export function parseAdmin(reader: SettingsReader, listener: ListenerConfig): AdminConfig {
  const { port, hosts, ...rest } = reader.readAll(ADMIN);
  const admin: AdminConfig = {
    ...rest,
    enabled: port !== "off",
    port: port === "off" ? 0 : port,
    portWasAskedFor: port !== "off" && reader.find(ADMIN.port) !== null,
    hosts: hosts ?? [],
  };
  const { host } = admin;
  if (admin.enabled && reader.find(ADMIN.token) === null && !isLoopback(host)) {
    reader.report(problemOf(
      "ADMIN_TOKEN",
      `Must be set, because ADMIN_HOST ${quote(host)} can be reached from other machines`,
    ));
  }
  if (admin.portWasAskedFor && admin.port !== 0 && admin.port === listener.port && overlap(host, listener.host)) {
    reader.report(problemOf("ADMIN_PORT", `Cannot be "${admin.port}": the listener has that port (LISTENER_PORT)`));
  }
  return admin;
}

function overlap(one: string, other: string): boolean {
  return one === other || isWildcard(one) || isWildcard(other) || (isLoopback(one) && isLoopback(other));
}

function adviceOnUnused({ config: { admin }, reader }: Scene): Problem[] {
  if (!admin.enabled) {
    return [ADMIN.host, ADMIN.token, ADMIN.hosts, ADMIN.metricsPublic].map((each) => reader.find(each))
      .filter((found) => found !== null)
      .map(({ label }) => problemOf(label, "Has no effect: the admin listener is off (ADMIN_PORT)"));
  }
  const found = reader.find(ADMIN.metricsPublic);
  if (found === null || !admin.metricsPublic || reader.find(ADMIN.token) !== null) return [];
  return [problemOf(found.label, "Has no effect: without ADMIN_TOKEN everything on the admin listener is public")];
}

export const ADMIN_TOPIC: Topic = { name: "admin listener", variables: ADMIN, adviceOn: adviceOnUnused };

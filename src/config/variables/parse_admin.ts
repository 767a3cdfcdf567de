import { HOST, isLoopback, isWildcard } from "../values/address_values.ts";
import { problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import type { AdminConfig, ListenerConfig } from "../model.ts";
import type { SettingsReader } from "../settings_reader.ts";
import { BOOLEAN, LISTEN_PORT, listOf, orWord, SECRET, SHORTEST_SECRET } from "../values/value_kind.ts";

/** Reads the admin listener. Beyond loopback it must have a token, as it can take targets out. */
export function parseAdmin(reader: SettingsReader, listener: ListenerConfig): AdminConfig {
  const host = reader.read("ADMIN_HOST", HOST);
  const port = reader.read("ADMIN_PORT", orWord("off", LISTEN_PORT));
  const tokenWasGiven = reader.find("ADMIN_TOKEN") !== null;
  const token = reader.readOptional("ADMIN_TOKEN", SECRET);
  const admin: AdminConfig = {
    enabled: port !== "off",
    host,
    port: port === "off" ? 0 : port,
    portWasAskedFor: port !== "off" && reader.find("ADMIN_PORT") !== null,
    token,
    metricsPublic: reader.read("METRICS_PUBLIC", BOOLEAN),
    hosts: reader.readOptional("ADMIN_HOSTS", listOf(HOST)) ?? [],
  };
  if (admin.enabled && !tokenWasGiven && !isLoopback(host)) {
    reader.report(problemOf(
      "ADMIN_TOKEN",
      `Must be set, because ADMIN_HOST ${quote(host)} can be reached from other machines`,
    ));
  }
  if (token !== null && token.length < SHORTEST_SECRET) {
    reader.warnings.push(problemOf("ADMIN_TOKEN", `Shorter than ${SHORTEST_SECRET} characters: it can be guessed`));
  }
  if (admin.portWasAskedFor && admin.port !== 0 && admin.port === listener.port && overlap(host, listener.host)) {
    reader.report(problemOf("ADMIN_PORT", `Cannot be "${admin.port}": the listener has that port (LISTENER_PORT)`));
  }
  return admin;
}

function overlap(one: string, other: string): boolean {
  return one === other || isWildcard(one) || isWildcard(other) || (isLoopback(one) && isLoopback(other));
}

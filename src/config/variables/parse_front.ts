import { quote } from "../../logging/shown_text.ts";
import { problemOf } from "../config_error.ts";
import { duration } from "../values/duration.ts";
import { FRONT_VARIABLES } from "./front_variables.ts";
import type { FrontConfig, ListenerEngine } from "../model.ts";
import type { SettingsReader } from "../settings_reader.ts";
import { BOOLEAN, integer, oneOf, orWord } from "../values/value_kind.ts";

/** Reads what the listener's engine is told. */
export function parseFront(reader: SettingsReader): FrontConfig {
  const connections = integer(1, 10_000_000);
  const front: FrontConfig = {
    engine: reader.read("LISTENER_ENGINE", oneOf<ListenerEngine>(["serve", "wire"])),
    headTimeoutMs: reader.read("LISTENER_HEAD_TIMEOUT", duration(0)),
    idleTimeoutMs: reader.read("LISTENER_IDLE_TIMEOUT", duration(0)),
    writeTimeoutMs: reader.read("LISTENER_WRITE_TIMEOUT", duration(0)),
    maxConnections: reader.read("LISTENER_MAX_CONNECTIONS", orWord("auto", connections)),
    maxConnectionsPerClient: reader.read("LISTENER_MAX_CONNECTIONS_PER_CLIENT", integer(0, 10_000_000)),
    maxHeadBytes: reader.read("LISTENER_MAX_HEAD_BYTES", integer(1024, 65_536)),
    maxHeadLines: reader.read("LISTENER_MAX_HEAD_LINES", integer(8, 128)),
    proxyProtocol: reader.read("LISTENER_PROXY_PROTOCOL", BOOLEAN),
  };
  if (front.proxyProtocol) checkProxyProtocol(front, reader);
  if (front.engine === "serve") warnOfIgnored(reader);
  return front;
}

/** Whoever may send a PROXY header can name any client: so it needs an engine that reads it, and a list of those who may. */
function checkProxyProtocol({ engine }: FrontConfig, reader: SettingsReader): void {
  const found = reader.find("LISTENER_PROXY_PROTOCOL");
  if (found === null) return;
  const needs = (what: string) =>
    reader.report(problemOf(found.label, `Cannot use ${quote(found.text)} without ${what}`));
  if (engine === "serve") needs("LISTENER_ENGINE=wire: Deno.serve reads no PROXY headers");
  if (reader.find("TRUSTED_PROXIES") === null) needs("TRUSTED_PROXIES: only those listed there may name a client");
}

/** `Deno.serve` knows no limits on its clients: what is set for them has no effect, and is said to have none. */
function warnOfIgnored(reader: SettingsReader): void {
  for (const { name } of FRONT_VARIABLES) {
    if (name === "LISTENER_ENGINE" || name === "LISTENER_PROXY_PROTOCOL") continue;
    const found = reader.find(name);
    if (found === null) continue;
    const text = `${
      quote(found.text)
    } has no effect with LISTENER_ENGINE=serve: only the wire engine limits its clients`;
    reader.warnings.push(problemOf(found.label, text));
  }
}

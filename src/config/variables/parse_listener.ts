import { CIDR, HOST } from "../values/address_values.ts";
import { problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import { duration, formatDuration } from "../values/duration.ts";
import type { ErrorBody, ListenerConfig, UpstreamReuse, UpstreamTransport } from "../model.ts";
import { parseFront } from "./parse_front.ts";
import { PATH } from "../values/path_values.ts";
import type { SettingsReader } from "../settings_reader.ts";
import { SIZE } from "../values/size.ts";
import { BOOLEAN, integer, LISTEN_PORT, listOf, oneOf, orWord } from "../values/value_kind.ts";

/** More threads than any machine has cores are a mistake, and each costs memory. */
const MOST_WORKERS = 256;

/** Reads the listener, and what holds for every request. */
export function parseListener(reader: SettingsReader): ListenerConfig {
  return {
    host: reader.read("LISTENER_HOST", HOST),
    port: reader.read("LISTENER_PORT", LISTEN_PORT),
    workers: reader.read("LISTENER_WORKERS", orWord("auto", integer(1, MOST_WORKERS))),
    takeover: reader.read("LISTENER_TAKEOVER", BOOLEAN),
    ...parseTimeouts(reader),
    bodyTimeoutMs: reader.read("LISTENER_BODY_TIMEOUT", duration(0)),
    streamIdleTimeoutMs: reader.read("STREAM_IDLE_TIMEOUT", duration(0)),
    headerConvention: reader.read("HEADER_CONVENTION_ENABLE", BOOLEAN),
    via: reader.read("VIA_ENABLE", BOOLEAN),
    trustedProxies: parseTrustedProxies(reader),
    maxBodyBytes: reader.read("MAX_BODY_BYTES", SIZE),
    retryAttempts: reader.read("RETRY_ATTEMPTS", integer(0, 10)),
    upstreamTransport: reader.read("UPSTREAM_TRANSPORT", oneOf<UpstreamTransport>(["wire", "fetch"])),
    upstreamReuse: reader.read("UPSTREAM_REUSE", oneOf<UpstreamReuse>(["always", "safe"])),
    front: parseFront(reader),
    errorBody: reader.read("ERROR_BODY", oneOf<ErrorBody>(["empty", "json", "text"])),
    reasonHeader: reader.read("REASON_HEADER", BOOLEAN),
    statsPath: nullForOff(reader.read("STATS_PATH", orWord("off", PATH))),
    shutdownDelayMs: reader.read("SHUTDOWN_DELAY", duration(0)),
    shutdownTimeoutMs: reader.read("SHUTDOWN_TIMEOUT", duration(0)),
  };
}

/** CONNECT_TIMEOUT is cut to half of CONNECTION_TIMEOUT, so that a second target has as much time as the first. */
function parseTimeouts(reader: SettingsReader): Pick<ListenerConfig, "connectionTimeoutMs" | "connectTimeoutMs"> {
  const connectionTimeoutMs = reader.read("CONNECTION_TIMEOUT", duration(1));
  const askedMs = reader.read("CONNECT_TIMEOUT", duration(1));
  const mostMs = Math.max(1, Math.floor(connectionTimeoutMs / 2));
  if (askedMs <= mostMs) return { connectionTimeoutMs, connectTimeoutMs: askedMs };
  const value = formatDuration(mostMs);
  const setting = reader.settings.find(({ variable }) => variable === "CONNECT_TIMEOUT")!;
  reader.record({ ...setting, value, origin: `${setting.origin}, cut to half of CONNECTION_TIMEOUT` });
  const found = reader.find("CONNECT_TIMEOUT");
  if (found !== null) {
    const whole = formatDuration(connectionTimeoutMs);
    const text = `${quote(found.text)} is more than half of CONNECTION_TIMEOUT (${whole}): ${value} is used`;
    reader.warnings.push(problemOf(found.label, text));
  }
  return { connectionTimeoutMs, connectTimeoutMs: mostMs };
}

function nullForOff(path: string): string | null {
  return path === "off" ? null : path;
}

function parseTrustedProxies(reader: SettingsReader): readonly string[] | null {
  const cidrs = reader.readOptional("TRUSTED_PROXIES", listOf(CIDR)) ?? [];
  for (const cidr of cidrs.filter((each) => each.endsWith("/0"))) {
    const text = `${quote(cidr)} believes everybody: any client can then choose its own address`;
    reader.warnings.push(problemOf("TRUSTED_PROXIES", text));
  }
  return cidrs.length === 0 ? null : cidrs;
}

import type { LoggingConfig, LogLevel } from "../model.ts";
import type { SettingsReader } from "../settings_reader.ts";
import { BOOLEAN, oneOf, type ValueKind } from "../values/value_kind.ts";

/** Levels in any case; `warning` is what Python's programs call it. */
const LEVEL: ValueKind<LogLevel> = {
  parse: (text) =>
    oneOf<LogLevel>(["debug", "info", "warn", "error"]).parse(text.toLowerCase() === "warning" ? "warn" : text),
  format: String,
};

/** Reads log and access log. */
export function parseLogging(reader: SettingsReader): LoggingConfig {
  return {
    level: reader.read("LOG_LEVEL", LEVEL),
    format: reader.read("LOG_FORMAT", oneOf<LoggingConfig["format"]>(["auto", "text", "json"])),
    accessLog: reader.read("ACCESS_LOG", BOOLEAN),
  };
}

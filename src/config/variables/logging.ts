import type { LoggingConfig, LogLevel } from "../model.ts";
import { BOOLEAN, oneOf, type ValueKind } from "../values/value_kind.ts";
import type { Topic } from "./topic.ts";
import { define } from "./variable.ts";

const LEVELS = oneOf<LogLevel>(["debug", "info", "warn", "error"]);

/** Levels in any case; `warning` is Python's word for `warn`. */
const LEVEL: ValueKind<LogLevel> = {
  ...LEVELS,
  parse: (text) => LEVELS.parse(text.toLowerCase() === "warning" ? "warn" : text),
};

/** The log and the access log. */
export const LOGGING = {
  level: define("LOG_LEVEL", {
    kind: LEVEL,
    default: "info",
    meaning: "Lowest level that is logged. `debug` adds three lines for each request: the request, the target chosen " +
      "with its score, and the response, with headers but never bodies. Values that look like secrets are masked: in " +
      "headers by name and form, in URLs the user and parameters such as `token`. `debug` is slow.",
    example: "debug",
    aliases: ["LOGLEVEL"],
  }),
  format: define("LOG_FORMAT", {
    kind: oneOf<LoggingConfig["format"]>(["auto", "text", "json"]),
    default: "auto",
    meaning: "Format of log lines. `auto`: text on a terminal, else JSON.",
    example: "json",
    restart: true,
  }),
  accessLog: define("ACCESS_LOG", {
    kind: BOOLEAN,
    default: "true",
    meaning: "Write one line for each request to standard output.",
    example: "false",
  }),
};

export const LOGGING_TOPIC: Topic = { name: "log", variables: LOGGING };

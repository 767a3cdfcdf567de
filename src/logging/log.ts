import type { LogLevel } from "../config/model.ts";
import { shown } from "./shown_text.ts";
import { type Clock, systemClock } from "../time/clock.ts";

/** Named values of a log line. Strings are escaped; nothing of a client's reaches a line unescaped. */
export type LogFields = Record<string, unknown>;

/** Where events go. Control plane: {@linkcode Log}; workers post theirs to it. */
export interface Logger {
  debug(event: string, message: string, fields?: LogFields): void;
  info(event: string, message: string, fields?: LogFields): void;
  warn(event: string, message: string, fields?: LogFields): void;
  error(event: string, message: string, fields?: LogFields): void;
}

const WEIGHT: Record<LogLevel, number> = { debug: 10, info: 20, warn: 30, error: 40 };

/** Takes finished text, a line or many. */
export interface LineSink {
  write(text: string): void;
}

/** Takes finished lines as bytes, in batches. */
export interface ByteSink {
  writeBytes(bytes: Uint8Array<ArrayBuffer>): void;
}

/** Writes events to a sink, one line each: text for people, JSON for machines. */
export class Log implements Logger {
  readonly #sink: LineSink;
  #least: number;
  readonly #json: boolean;
  readonly #clock: Clock;

  constructor(sink: LineSink, options: { level: LogLevel; json: boolean; clock?: Clock }) {
    this.#sink = sink;
    this.#least = WEIGHT[options.level];
    this.#json = options.json;
    this.#clock = options.clock ?? systemClock;
  }

  /** Writes nothing below this level from now on. */
  setLevel(level: LogLevel): void {
    this.#least = WEIGHT[level];
  }

  debug(event: string, message: string, fields?: LogFields): void {
    this.write("debug", event, message, fields);
  }
  info(event: string, message: string, fields?: LogFields): void {
    this.write("info", event, message, fields);
  }
  warn(event: string, message: string, fields?: LogFields): void {
    this.write("warn", event, message, fields);
  }
  error(event: string, message: string, fields?: LogFields): void {
    this.write("error", event, message, fields);
  }

  write(level: LogLevel, event: string, message: string, fields: LogFields = {}): void {
    if (WEIGHT[level] < this.#least) return;
    const time = new Date(this.#clock.wallMs()).toISOString();
    this.#sink.write(
      this.#json
        ? shown(JSON.stringify({ time, level, event, message, ...fields })) + "\n"
        : `${time} ${level.toUpperCase().padEnd(5)} ${shown(message)}${textFields(fields)}\n`,
    );
  }
}

function textFields(fields: LogFields): string {
  let all = "";
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    const text = typeof value === "string" ? value : isListOfWords(value) ? value.join(",") : JSON.stringify(value);
    all += ` ${name}=${/^[\w.:/\-[\]@%+,]+$/.test(text) ? text : shown(JSON.stringify(text))}`;
  }
  return all;
}

/** A list that reads best as it would stand in a variable. */
function isListOfWords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 &&
    value.every((each) => typeof each === "string" && /^[\w.:/\-[\]]+$/.test(each));
}

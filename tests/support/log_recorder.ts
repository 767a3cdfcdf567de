import type { LogFields, Logger } from "../../src/logging/log.ts";

/** An event as it was logged. */
export interface LoggedEvent {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that keeps every event for the test to look at. */
export class LogRecorder implements Logger {
  readonly events: LoggedEvent[] = [];

  debug(event: string, message: string, fields: LogFields = {}): void {
    this.events.push({ level: "debug", event, message, fields });
  }
  info(event: string, message: string, fields: LogFields = {}): void {
    this.events.push({ level: "info", event, message, fields });
  }
  warn(event: string, message: string, fields: LogFields = {}): void {
    this.events.push({ level: "warn", event, message, fields });
  }
  error(event: string, message: string, fields: LogFields = {}): void {
    this.events.push({ level: "error", event, message, fields });
  }

  /** The messages of one kind of event, in order. */
  messages(event: string): string[] {
    return this.events.filter((logged) => logged.event === event).map((logged) => logged.message);
  }
}

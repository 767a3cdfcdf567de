/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import type { ControlMessage, WorkerMessage } from "../protocol/messages.ts";
import { loadRegexEngine, needsRegexEngine } from "../rules/regex.ts";
import { DataPlane } from "./data_plane.ts";

/** The entry of a worker thread: the first message starts its data plane, the others go to it. */
let dataPlane: DataPlane | null = null;
/** Messages that wait for something to be loaded; null if none does. */
let waiting: Promise<void> | null = null;

self.onmessage = ({ data }: MessageEvent<ControlMessage>) => {
  if (waiting === null && !mustWait(data)) return receive(data);
  // In the order in which they came.
  const turn = (waiting ?? Promise.resolve()).then(() => mustWait(data) ? loadRegexEngine() : undefined)
    .then(() => receive(data));
  waiting = turn;
  void turn.finally(() => {
    if (waiting === turn) waiting = null;
  });
};

/** Tells whether a message brings the first rules with regular expressions: what runs them must be loaded first. */
function mustWait(message: ControlMessage): boolean {
  return (message.type === "start" || message.type === "snapshot") && needsRegexEngine(message.snapshot.rules);
}

function receive(message: ControlMessage): void {
  if (message.type === "start") {
    dataPlane = new DataPlane(message, post, { chance: Math.random });
  } else dataPlane?.receive(message);
}

/**
 * Posts to the control plane. Access lines are handed over rather than copied: copies would fill the other thread's
 * memory, which collects garbage only after 64 MB of them.
 */
function post(message: WorkerMessage): void {
  self.postMessage(message, message.type === "access_lines" ? [message.bytes.buffer] : []);
}

// A rejected promise without a handler concerns one request: it must not end the other requests of this thread.
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  const error = event.reason instanceof Error ? event.reason.stack : String(event.reason);
  const message = "Something failed inside sluice";
  self.postMessage(
    { type: "log", level: "error", event: "internal_error", message, fields: { error } } satisfies WorkerMessage,
  );
});

self.postMessage({ type: "loaded" } satisfies WorkerMessage);

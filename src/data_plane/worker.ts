/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import type { ControlMessage, WorkerMessage } from "../protocol/messages.ts";
import { DataPlane } from "./data_plane.ts";

/** The entry of a worker thread: the first message starts its data plane, the others go to it. */
let dataPlane: DataPlane | null = null;

self.onmessage = ({ data }: MessageEvent<ControlMessage>) => {
  if (data.type === "start") {
    dataPlane = new DataPlane(data, (message) => self.postMessage(message), { chance: Math.random });
  } else dataPlane?.receive(data);
};

// A promise that nobody waits for and that fails is one request's matter: it must not end the others of this thread.
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  const error = event.reason instanceof Error ? event.reason.stack : String(event.reason);
  const message = "Something failed inside sluice";
  self.postMessage(
    { type: "log", level: "error", event: "internal_error", message, fields: { error } } satisfies WorkerMessage,
  );
});

self.postMessage({ type: "loaded" } satisfies WorkerMessage);

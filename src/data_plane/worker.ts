/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import type { ControlMessage } from "../protocol/messages.ts";
import { DataPlane } from "./data_plane.ts";

/** The entry of a worker thread: the first message starts its data plane, the others go to it. */
let dataPlane: DataPlane | null = null;

self.onmessage = ({ data }: MessageEvent<ControlMessage>) => {
  if (data.type === "start") {
    dataPlane = new DataPlane(data, (message) => self.postMessage(message), { chance: Math.random });
  } else dataPlane?.receive(data);
};

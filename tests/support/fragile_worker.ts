/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
// A worker of sluice that crashes or hangs when it is told to.
import "../../src/data_plane/worker.ts";

self.addEventListener("message", ({ data }: MessageEvent<{ type: string; ms?: number }>) => {
  if (data.type === "test_crash") {
    setTimeout(() => {
      throw new Error("Crashed on purpose");
    });
  } else if (data.type === "test_stall") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, data.ms);
});

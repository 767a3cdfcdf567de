import { HAPROXY_SAMPLES } from "./haproxy_samples.ts";
import { MORE_HAPROXY_SAMPLES } from "./more_haproxy_samples.ts";
import { sideBySide } from "./side_by_side.ts";

sideBySide({
  kind: "haproxy",
  program: "haproxy",
  file: "haproxy.cfg",
  args: (file) => ["-db", "-f", file],
  // What the program could not do here: sockets and files of places that this machine has not.
  whole: (config) => config.replace(/^ *(stats socket|log \/dev\/log|daemon|errorfile) ?.*$/gm, ""),
}, [...HAPROXY_SAMPLES, ...MORE_HAPROXY_SAMPLES]);

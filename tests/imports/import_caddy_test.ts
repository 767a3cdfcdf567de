import { CADDY_JSON_SAMPLES } from "./caddy_json_samples.ts";
import { CADDYFILE_SAMPLES } from "./caddy_samples.ts";
import { sideBySide } from "./side_by_side.ts";

// Both would listen on the same port of the machine, for commands that no test gives.
const NO_ADMIN = "admin off";

sideBySide({
  kind: "caddy",
  program: "caddy",
  file: "Caddyfile",
  args: (file) => ["run", "--config", file, "--adapter", "caddyfile"],
  whole: (config) => /^\s*\{\n/.test(config) ? config.replace("{", `{\n${NO_ADMIN}`) : `{\n${NO_ADMIN}\n}\n${config}`,
}, CADDYFILE_SAMPLES);

sideBySide({
  kind: "caddy",
  program: "caddy",
  file: "caddy.json",
  args: (file) => ["run", "--config", file],
  whole: (config) => JSON.stringify({ ...JSON.parse(config), admin: { disabled: true } }),
}, CADDY_JSON_SAMPLES);

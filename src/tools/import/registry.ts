import type { Importer } from "./importer.ts";

/** Each kind and its reader, loaded when it is asked for: some bring parsers that no other needs. */
export const IMPORTERS: Readonly<Record<string, () => Promise<Importer>>> = {
  alb: async () => (await import("./alb/import_alb.ts")).importAlb,
  caddy: async () => (await import("./caddy/import_caddy.ts")).importCaddy,
  haproxy: async () => (await import("./haproxy/import_haproxy.ts")).importHaproxy,
  nginx: async () => (await import("./nginx/import_nginx.ts")).importNginx,
  traefik: async () => (await import("./traefik/import_traefik.ts")).importTraefik,
};

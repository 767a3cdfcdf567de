import { addTo, type Collector } from "../output/collector.ts";
import type { Setting } from "../output/imported.ts";
import { allOrigins, type Value } from "./documents.ts";

/** Security headers that Traefik has options for. */
const OPTIONS: Readonly<Record<string, (value: string) => string>> = {
  frameDeny: () => "X-Frame-Options: DENY",
  contentTypeNosniff: () => "X-Content-Type-Options: nosniff",
  browserXssFilter: () => "X-XSS-Protection: 1; mode=block",
  stsSeconds: (value) => `Strict-Transport-Security: max-age=${value}`,
  referrerPolicy: (value) => `Referrer-Policy: ${value}`,
  contentSecurityPolicy: (value) => `Content-Security-Policy: ${value}`,
  customFrameOptionsValue: (value) => `X-Frame-Options: ${value}`,
  permissionsPolicy: (value) => `Permissions-Policy: ${value}`,
};

/** Reads a middleware `headers`. */
export function headers(value: Value, settings: Setting[], found: Collector): void {
  for (const [name, each] of value.fields) {
    if (name === "customRequestHeaders" || name === "customResponseHeaders") {
      const side = name === "customRequestHeaders" ? "REQUEST" : "RESPONSE";
      found.needless(each.origin, "its headers stand in the rules");
      for (const [header, text] of each.fields) {
        const line = String(text.scalar ?? "");
        if (line === "") addTo(settings, `${side}_HEADERS_REMOVE`, header, text.origin, "\n");
        else if (side === "REQUEST" && header.toLowerCase() === "host") {
          settings.push({ name: "HOST_REWRITE", value: line, from: [text.origin] });
        } else addTo(settings, `${side}_HEADERS_SET`, `${header}: ${line}`, text.origin, "\n");
      }
    } else if (Object.hasOwn(OPTIONS, name) && each.scalar !== false) {
      addTo(settings, "RESPONSE_HEADERS_SET", OPTIONS[name]!(String(each.scalar)), each.origin, "\n");
    } else for (const origin of allOrigins(each)) found.lose(origin, "sluice sets headers by name and value");
  }
  found.needless(value.origin, "its headers stand in the rules");
}

import { addTo, type Collector } from "../output/collector.ts";
import type { Setting } from "../output/imported.ts";
import { withPlaceholders } from "./placeholders.ts";
import { type CaddyHandler, placeOf } from "./routes.ts";

/** Operations on headers as Caddy's JSON has them. */
interface HeaderOps {
  readonly set?: Readonly<Record<string, readonly string[]>>;
  readonly add?: Readonly<Record<string, readonly string[]>>;
  readonly delete?: readonly string[];
  readonly replace?: Readonly<Record<string, unknown>>;
  readonly require?: unknown;
}

/** Headers that HEADER_CONVENTION_ENABLE sets, as Caddy does by itself. */
const CONVENTION = /^x-(forwarded-(for|proto|host|port)|real-ip|request-id)$/i;

/** Reads the operations of a `headers` handler, or of a `reverse_proxy`. */
export function headerSettings(handler: CaddyHandler, settings: Setting[], found: Collector): void {
  const { request, response } = handler.fields as { request?: HeaderOps; response?: HeaderOps };
  if (request !== undefined) operations(request, "REQUEST", handler, settings, found);
  if (response !== undefined) operations(response, "RESPONSE", handler, settings, found);
}

/** Reads the operations for one side. */
export function operations(
  ops: HeaderOps,
  side: "REQUEST" | "RESPONSE",
  handler: CaddyHandler,
  settings: Setting[],
  found: Collector,
): void {
  const place = (name: string) => placeOf(handler, `${side} ${name}`);
  if (ops.require !== undefined) {
    found.lose(handler.origin, "sluice sets headers of all responses, not of some statuses");
  }
  for (const name of Object.keys(ops.replace ?? {})) found.lose(place(name), "sluice replaces no part of a header");
  for (const [name, values] of [...Object.entries(ops.set ?? {}), ...Object.entries(ops.add ?? {})]) {
    for (const value of values) {
      if (side === "REQUEST" && name.toLowerCase() === "host") hostRewrite(value, place(name), settings, found);
      else if (side === "REQUEST" && CONVENTION.test(name) && value.includes("{")) {
        found.set("HEADER_CONVENTION_ENABLE", "true", place(name));
      } else {
        const text = withPlaceholders(value);
        if (text === null) found.lose(place(name), "sluice has no placeholder for one in it");
        else addTo(settings, `${side}_HEADERS_SET`, `${name}: ${text}`, place(name), "\n");
      }
    }
  }
  for (const name of ops.delete ?? []) {
    if (name.includes("*")) found.lose(place(name), "sluice removes headers by their whole name");
    else addTo(settings, `${side}_HEADERS_REMOVE`, name, place(name), "\n");
  }
}

function hostRewrite(value: string, origin: ReturnType<typeof placeOf>, settings: Setting[], found: Collector): void {
  if (/upstream[._]hostport/.test(value)) {
    found.needless(origin, "sluice gives targets their own address as Host, unless PRESERVE_HOST is true");
    settings.push({ name: "OWN_HOST", value: "true", from: [origin] });
  } else if (value.includes("{")) {
    if (withPlaceholders(value) === "#{host}") found.needless(origin, "PRESERVE_HOST gives targets the client's host");
    else found.lose(origin, "_HOST_REWRITE takes a fixed name");
  } else settings.push({ name: "HOST_REWRITE", value, from: [origin] });
}

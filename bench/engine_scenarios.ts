import { byteProxy } from "./contenders/bare_fetch.ts";
import { caddy, haproxy, nginx } from "./contenders/native_proxies.ts";
import { rules, sluice, type SluiceSetup } from "./contenders/sluice.ts";
import type { Scenario } from "./scenario.ts";

const SMALL = { connections: 64, path: "/small" };
const KILOBYTE_OF_HEADERS = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`X-Header-${i}`, "v".repeat(86)]));

/**
 * sluice's own engine (LISTENER_ENGINE=wire) beside nginx, HAProxy and Caddy, with everything on that it has by
 * default.
 */
export const ENGINE_SCENARIOS: readonly Scenario[] = [
  beside(
    { name: "engine-small", title: "engine wire: GET, 100-byte responses, 64 connections", load: SMALL },
    { byteProxy: true },
  ),
  beside({
    name: "engine-headers",
    title: "engine wire: GET with 1 KB of request headers",
    load: { ...SMALL, headers: KILOBYTE_OF_HEADERS },
  }),
  beside({
    name: "engine-post",
    title: "engine wire: POST with a body of 4 KB",
    load: { ...SMALL, method: "POST", bodyBytes: 4096 },
    warmUpRequests: 50_000,
  }),
  beside({
    name: "engine-64k",
    title: "engine wire: GET, responses of 64 KB",
    load: { ...SMALL, path: "/64k" },
    warmUpRequests: 20_000,
    expectedPerSecond: 6_000,
  }),
  beside({
    name: "engine-1m",
    title: "engine wire: GET, responses of 1 MB, 16 connections",
    load: { connections: 16, path: "/1m" },
    warmUpRequests: 2_000,
    expectedPerSecond: 800,
  }),
  beside({
    name: "engine-512",
    title: "engine wire: GET, 512 connections",
    load: { ...SMALL, connections: 512 },
  }),
  beside({
    name: "engine-close",
    title: "engine wire: a connection for each request",
    load: { ...SMALL, headers: { Connection: "close" } },
    warmUpRequests: 50_000,
    expectedPerSecond: 5_000,
  }),
  {
    name: "engine-rules",
    title: "engine wire: 1 and 1000 rules, the request's own in their middle",
    load: { ...SMALL, path: "/svc-0000/small" },
    entries: [1, 1000].map((count) => ({ contender: wire(rules(count)) })),
  },
  {
    name: "engine-targets",
    title: "engine wire: 3 and 1000 targets",
    load: SMALL,
    entries: [3, 1000].map((targets) => ({ contender: wire({ name: `sluice, ${targets} targets` }), targets })),
  },
];

/** Ratios are to nginx, and told to Caddy too. */
function beside(
  scenario: Omit<Scenario, "entries" | "alsoTo">,
  { byteProxy: withByteProxy = false }: { readonly byteProxy?: boolean } = {},
): Scenario {
  const contenders = [nginx, haproxy, caddy, ...withByteProxy ? [byteProxy] : [], wire({ name: "sluice" })];
  return { ...scenario, entries: contenders.map((contender) => ({ contender })), alsoTo: [caddy.name] };
}

/** sluice with its own engine. */
function wire(setup: SluiceSetup) {
  return sluice({ ...setup, env: { ...setup.env, LISTENER_ENGINE: "wire" } });
}

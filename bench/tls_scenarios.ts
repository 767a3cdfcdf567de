import type { Contender } from "./contender.ts";
import { byteProxy } from "./contenders/bare_fetch.ts";
import { caddy, haproxy, nginx } from "./contenders/native_proxies.ts";
import { sluice, type SluiceSetup } from "./contenders/sluice.ts";
import { h2load } from "./h2load.ts";
import { fullHandshakes } from "./handshakes.ts";
import type { Scenario } from "./scenario.ts";

const SMALL = { connections: 64, path: "/small" };

/** What TLS costs: sluice's own engine beside nginx, HAProxy and Caddy, all with the same certificate. */
export const TLS_SCENARIOS: readonly Scenario[] = [
  beside({
    name: "tls-small",
    title: "clients by TLS: GET, 100-byte responses, 64 kept connections",
    load: SMALL,
    tls: "clients",
  }, [byteProxy]),
  beside({
    name: "tls-64k",
    title: "clients by TLS: GET, responses of 64 KB",
    load: { ...SMALL, path: "/64k" },
    tls: "clients",
    warmUpRequests: 10_000,
    expectedPerSecond: 3_000,
  }),
  beside({
    name: "tls-both",
    title: "clients and targets by TLS: GET, 100-byte responses, 64 kept connections",
    load: SMALL,
    tls: "both",
  }, [byteProxy]),
  beside({
    name: "tls-http2",
    title: "clients by HTTP/2: GET, 100-byte responses, 10 connections with 10 requests at a time on each",
    load: { ...SMALL, connections: 10, streams: 10 },
    generator: h2load,
    tls: "clients",
    warmUpRequests: 50_000,
    expectedPerSecond: 5_000,
  }),
  {
    name: "tls-targets",
    title: "targets by TLS, by each transport: GET, 100-byte responses, 64 connections",
    load: SMALL,
    tls: "targets",
    entries: [
      { contender: wire({ name: "sluice, fetch", env: { UPSTREAM_TRANSPORT: "fetch" } }) },
      { contender: wire({ name: "sluice" }) },
    ],
  },
  beside({
    name: "tls-handshakes",
    title: "full handshakes, each on a new connection that is closed after it",
    load: SMALL,
    generator: fullHandshakes,
    tls: "clients",
    warmUpRequests: 3_000,
    expectedPerSecond: 1_000,
    note: "sluice offers every client to resume its session later, nginx does not. With two certificates, " +
      "sluice uses other sockets of the platform (docs/tls.md).",
  }, [wire({ name: "sluice, 2 certificates", certificates: 2 })]),
];

/** Ratios are to nginx, and told to Caddy too. */
function beside(scenario: Omit<Scenario, "entries" | "alsoTo">, more: readonly Contender[] = []): Scenario {
  const contenders = [nginx, haproxy, caddy, wire({ name: "sluice" }), ...more];
  return { ...scenario, entries: contenders.map((contender) => ({ contender })), alsoTo: [caddy.name] };
}

/** sluice with its own engine. */
function wire(setup: SluiceSetup) {
  return sluice({ ...setup, env: { ...setup.env, LISTENER_ENGINE: "wire" } });
}

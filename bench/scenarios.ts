import { bareFetch, bareFetchAgain, barestFetch } from "./contenders/bare_fetch.ts";
import { caddy, haproxy, nginx } from "./contenders/native_proxies.ts";
import { httpProxy, undici } from "./contenders/node_proxies.ts";
import { rules, sluice } from "./contenders/sluice.ts";
import { TLS_SCENARIOS } from "./tls_scenarios.ts";
import { ENGINE_SCENARIOS } from "./engine_scenarios.ts";
import type { Scenario } from "./scenario.ts";

const SMALL = { connections: 64, path: "/small" };

const ALGORITHMS = [
  "ROUND_ROBIN",
  "WEIGHTED",
  "LEAST_CONNECTIONS",
  "LRT",
  "STICKY",
  "RANDOM",
  "POWER_OF_TWO",
  "HASH",
];

/** All that `deno task bench` can run, in the order in which it does. */
export const SCENARIOS: readonly Scenario[] = [
  ...ENGINE_SCENARIOS,
  ...TLS_SCENARIOS,
  {
    name: "small",
    title: "GET, 100-byte answers, 64 connections, 3 targets",
    load: SMALL,
    entries: [bareFetch, bareFetchAgain, sluice(), byFetch(), barestFetch, caddy, undici, httpProxy, haproxy, nginx]
      .map(
        (contender) => ({ contender }),
      ),
    note: "The two bare fetches are the same program: how far their ratio is from 1 is the error of all ratios here.",
  },
  besideBareFetch({
    name: "headers",
    title: "GET with 1 KB of request headers",
    load: {
      ...SMALL,
      headers: Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`X-Header-${i}`, "v".repeat(86)])),
    },
  }),
  besideBareFetch({
    name: "post",
    title: "POST with a body of 4 KB",
    load: { ...SMALL, method: "POST", bodyBytes: 4096 },
    warmUpRequests: 20_000,
    expectedPerSecond: 4_000,
  }),
  besideBareFetch({
    name: "64k",
    title: "GET, answers of 64 KB",
    load: { ...SMALL, path: "/64k" },
    warmUpRequests: 20_000,
    expectedPerSecond: 4_000,
  }),
  besideBareFetch({
    name: "1m",
    title: "GET, answers of 1 MB",
    load: { ...SMALL, path: "/1m" },
    warmUpRequests: 2_000,
    expectedPerSecond: 400,
  }),
  ...[8, 64, 512].map((connections) =>
    besideBareFetch({
      name: `connections-${connections}`,
      title: `GET, ${connections} connections`,
      load: { ...SMALL, connections },
    })
  ),
  {
    name: "rules",
    title: "1, 100 and 1000 rules, the request's own in their middle",
    load: { connections: 64, path: "/svc-0000/small" },
    entries: [1, 100, 1000].map((count) => ({ contender: sluice(rules(count)) })),
  },
  {
    name: "targets",
    title: "3, 100 and 1000 targets",
    load: SMALL,
    entries: [
      ...[3, 100, 1000].map((targets) => ({ contender: sluice({ name: `sluice, ${targets} targets` }), targets })),
      ...[3, 1000].map((targets) => ({ contender: { ...bareFetch, name: `bare fetch, ${targets} targets` }, targets })),
    ],
    note: "More targets mean more kept connections for the same requests: what the bare fetch pays for that is not " +
      "sluice's.",
  },
  {
    name: "algorithms",
    title: "every algorithm, at 3 targets and at 1000",
    load: SMALL,
    entries: ALGORITHMS.flatMap((algorithm) => {
      const [few, many] = [withAlgorithm(algorithm, 3), withAlgorithm(algorithm, 1000)];
      return [{ contender: few }, { contender: many, targets: 1000, base: few.name }];
    }),
    note:
      "At 3 targets the base is ROUND_ROBIN, at 1000 the same algorithm at 3. There is one client address, so HASH " +
      "sends all to one target; the others keep connections to up to 1000, which costs a bare fetch something too " +
      "(see targets).",
  },
  {
    name: "observability",
    title: "access log and admin listener on, and off",
    load: SMALL,
    entries: [
      { contender: sluice({ name: "sluice, all off", env: { ACCESS_LOG: "false", ADMIN_PORT: "off" } }) },
      { contender: sluice({ name: "sluice, as it comes" }) },
    ],
  },
  {
    name: "workers",
    title: "1 and 2 workers, 3,000 requests a second and 32 connections for each",
    load: { ...SMALL, connections: 32, ratePerSecond: 3_000 },
    entries: [
      { contender: workers(1, "0", "first core") },
      { contender: workers(1, "1", "second core") },
      { contender: workers(2, "0,1", "both cores"), workers: 2, load: { connections: 64, ratePerSecond: 6_000 } },
    ],
    showsThreads: true,
    note:
      "The rate is fixed and leaves both cores room (the warm-up is not paced). Load generator and targets run on " +
      "the second core, whose cost differs from the first's: compare two workers with the mean of the first two rows.",
  },
];

/** Both transports between the bare fetch and nginx. */
function besideBareFetch(scenario: Omit<Scenario, "entries">): Scenario {
  return { ...scenario, entries: [bareFetch, sluice(), byFetch(), nginx].map((contender) => ({ contender })) };
}

/** sluice with its other transport. */
function byFetch() {
  return sluice({ name: "sluice, fetch", env: { UPSTREAM_TRANSPORT: "fetch" } });
}

/** sluice with so many workers on some cores. */
function workers(count: number, cores: string, where: string) {
  const name = `sluice, ${count} ${count === 1 ? "worker" : "workers"}, ${where}`;
  return sluice({ name, env: { LISTENER_WORKERS: `${count}` }, cores });
}

function withAlgorithm(algorithm: string, targets: number) {
  return sluice({
    name: `${algorithm}, ${targets} targets`,
    weighted: algorithm === "WEIGHTED",
    env: { LOAD_BALANCING_ALGORITHM: algorithm },
  });
}

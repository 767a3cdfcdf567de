import type { DnsConfig, HealthCheckConfig, TargetEntry, TargetGroupConfig } from "../../src/config/model.ts";

/** DNS as it is by default. */
export const SAMPLE_DNS: DnsConfig = { family: "auto", server: null, refreshIntervalMs: 30_000 };

/** An entry of `_TARGETS`: port 80, plain HTTP, weight 1 unless told otherwise. */
export function sampleEntry(host: string, change: Partial<TargetEntry> = {}): TargetEntry {
  return { scheme: "http", host, port: 80, base: "", weight: 1, ...change };
}

/** Health checks: off, and otherwise the defaults of a numbered group. */
export function sampleCheck(change: Partial<HealthCheckConfig> = {}): HealthCheckConfig {
  return {
    enabled: false,
    path: "/health",
    intervalMs: 30_000,
    timeoutMs: 5000,
    succeedThreshold: 2,
    failureThreshold: 2,
    matcher: [{ from: 200, to: 200 }],
    host: null,
    port: null,
    ...change,
  };
}

/** A group `web` with the defaults of a numbered group. */
export function sampleGroup(
  entries: readonly TargetEntry[],
  change: Partial<TargetGroupConfig> = {},
): TargetGroupConfig {
  return {
    number: 1,
    name: "web",
    entries,
    algorithm: "ROUND_ROBIN",
    algorithmOptions: { hashKey: { from: "client-ip" } },
    stickiness: null,
    preserveHost: false,
    locationRewrite: false,
    tls: { authorityFile: null, serverName: null, verify: "full", client: null },
    healthCheck: sampleCheck(),
    ejection: { enabled: false, failures: 5, timeMs: 10_000 },
    failOpen: false,
    ...change,
  };
}

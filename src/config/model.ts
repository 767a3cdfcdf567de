import type { HeaderEditsConfig } from "./header_edits.ts";
import type { RuleConfig } from "./rule.ts";
import type { AcmeConfig } from "./acme.ts";
import type { TargetTlsConfig } from "./target_tls.ts";
import type { TlsConfig } from "./tls.ts";

/**
 * The configuration in effect, with every default filled in. It is plain data, because it is posted to worker threads;
 * frozen; and valid, since sluice makes none if there is a problem. `variables/` defines
 * the variable of each field.
 */

/** How the targets are configured: numbered variables, `BACKEND_SERVERS`, `--config servers.json`, or not at all. */
export type Door = "groups" | "backend_list" | "servers_file" | "nothing";

/** The whole effective configuration. */
export interface Config {
  readonly door: Door;
  readonly listener: ListenerConfig;
  readonly admin: AdminConfig;
  readonly dns: DnsConfig;
  readonly logging: LoggingConfig;
  /** In order of N. The longest matching prefix wins, whatever the order. */
  readonly rules: readonly RuleConfig[];
  /** In order of N. */
  readonly groups: readonly TargetGroupConfig[];
}

/** Body of sluice's own error responses. */
export type ErrorBody = "empty" | "json" | "text";

/** How requests are sent to targets: by the platform's `fetch`, or on sluice's own sockets (plain HTTP only). */
export type UpstreamTransport = "wire" | "fetch";

/** Which requests may reuse a connection to a target: all, or only those that may be sent twice. */
export type UpstreamReuse = "always" | "safe";

/** What speaks HTTP to clients: the platform's `Deno.serve`, or sluice's own engine. */
export type ListenerEngine = "serve" | "wire";

/** The listener's engine, and the limits that the `wire` engine sets for clients. Times in ms; 0: no limit. */
export interface FrontConfig {
  /** LISTENER_ENGINE. */
  readonly engine: ListenerEngine;
  /** LISTENER_HEAD_TIMEOUT: from a request's first byte, or the accept, to the end of its headers. */
  readonly headTimeoutMs: number;
  /** LISTENER_IDLE_TIMEOUT: between requests. */
  readonly idleTimeoutMs: number;
  /** LISTENER_WRITE_TIMEOUT: without a byte taken of a response. */
  readonly writeTimeoutMs: number;
  /** LISTENER_MAX_CONNECTIONS, of the whole process. */
  readonly maxConnections: number | "auto";
  /** LISTENER_MAX_CONNECTIONS_PER_CLIENT; 0: no limit. */
  readonly maxConnectionsPerClient: number;
  /** LISTENER_MAX_HEAD_BYTES, 1024 to 65536. */
  readonly maxHeadBytes: number;
  /** LISTENER_MAX_HEAD_LINES, 8 to 128. */
  readonly maxHeadLines: number;
  /** LISTENER_PROXY_PROTOCOL. */
  readonly proxyProtocol: boolean;
}

/** The listener: where clients connect, and what applies to every request. */
export interface ListenerConfig {
  readonly host: string;
  /** 0 takes a free port; null for none (LISTENER_PORT=off). */
  readonly port: number | null;
  /** LISTENER_TLS_PORT and what belongs to it; null without TLS. */
  readonly tls: TlsConfig | null;
  /** ACME_ENABLE and what belongs to it; null without ACME. */
  readonly acme: AcmeConfig | null;
  /** Threads that serve; `auto` is one for each available core; 1 serves in the main thread. */
  readonly workers: number | "auto";
  /** CONNECTION_TIMEOUT: from sending a request to a target until its response headers, all attempts together. */
  readonly connectionTimeoutMs: number;
  /** CONNECT_TIMEOUT: to open a connection to a target, TLS included; at most half of `connectionTimeoutMs`. */
  readonly connectTimeoutMs: number;
  /** LISTENER_BODY_TIMEOUT, ms: a request gets 408 if no byte of its body arrives for this long; 0: never. */
  readonly bodyTimeoutMs: number;
  /** STREAM_IDLE_TIMEOUT: sluice closes an open exchange without a byte either way for this long; 0: never. */
  readonly streamIdleTimeoutMs: number;
  /** HEADER_CONVENTION_ENABLE: add the X-Forwarded family. */
  readonly headerConvention: boolean;
  /** VIA_ENABLE: name this sluice in `Via`; without it, sluice finds no loop. */
  readonly via: boolean;
  /** MAX_BODY_BYTES: larger request bodies get 413; 0: no limit. */
  readonly maxBodyBytes: number;
  /** TRUSTED_PROXIES: CIDRs (`10.0.0.0/8`, `::1/128` for one address); null if unset. */
  readonly trustedProxies: readonly string[] | null;
  readonly shutdownDelayMs: number;
  readonly shutdownTimeoutMs: number;
  /** LISTENER_TAKEOVER: start although another sluice holds the port with SO_REUSEPORT. */
  readonly takeover: boolean;
  readonly errorBody: ErrorBody;
  /** REASON_HEADER: add the reason to sluice's own responses, as `X-Sluice-Reason`. */
  readonly reasonHeader: boolean;
  /** STATS_PATH: path of the statistics on the listener; null for none. */
  readonly statsPath: string | null;
  /** RETRY_ATTEMPTS: further attempts after the request was sent (idempotent, unread body). */
  readonly retryAttempts: number;
  readonly upstreamTransport: UpstreamTransport;
  readonly upstreamReuse: UpstreamReuse;
  readonly front: FrontConfig;
  readonly headers: HeaderEditsConfig;
}

/** The admin listener. */
export interface AdminConfig {
  readonly enabled: boolean;
  readonly host: string;
  readonly port: number;
  /** ADMIN_PORT is set: if it is in use, sluice exits instead of taking a free port. */
  readonly portWasAskedFor: boolean;
  readonly token: string | null;
  readonly metricsPublic: boolean;
  /** ADMIN_HOSTS: names besides addresses and `localhost` that a request's Host may be. */
  readonly hosts: readonly string[];
}

/** Name resolution. */
export interface DnsConfig {
  /** DNS_FAMILY; `auto` is A, or AAAA if there is no A. */
  readonly family: "auto" | "ipv4" | "ipv6" | "any";
  /** DNS_SERVER, instead of the system's. */
  readonly server: { readonly address: string; readonly port: number } | null;
  /** DNS_REFRESH_INTERVAL; 0: only at start. */
  readonly refreshIntervalMs: number;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Log and access log. */
export interface LoggingConfig {
  readonly level: LogLevel;
  /** `auto`: text on a terminal, JSON otherwise. */
  readonly format: "auto" | "text" | "json";
  readonly accessLog: boolean;
}

/** One target group. */
export interface TargetGroupConfig {
  /** The N of `TARGET_GROUP_<N>_*`. */
  readonly number: number;
  readonly name: string;
  readonly entries: readonly TargetEntry[];
  /** The registry's name (`ROUND_ROBIN`), never an alias. */
  readonly algorithm: string;
  readonly algorithmOptions: AlgorithmOptions;
  /** Null without stickiness. */
  readonly stickiness: StickinessConfig | null;
  /** PRESERVE_HOST: targets see the client's Host. */
  readonly preserveHost: boolean;
  /**
   * LOCATION_REWRITE: a `Location`, `Content-Location` or `Refresh` to the target's own address names the client's
   * instead.
   */
  readonly locationRewrite: boolean;
  /** How sluice speaks TLS to `https://` targets. */
  readonly tls: TargetTlsConfig;
  readonly healthCheck: HealthCheckConfig;
  readonly ejection: EjectionConfig;
  /** FAIL_OPEN: if all targets are unhealthy, use all. */
  readonly failOpen: boolean;
}

/** One entry of `_TARGETS`: a name may stand for several targets. */
export interface TargetEntry {
  readonly scheme: "http" | "https";
  /** As configured, lower case; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Without its last `/`; empty if there is none. */
  readonly base: string;
  /** An integer of at least 1. The addresses that the host resolves to share it. */
  readonly weight: number;
}

/** Options of algorithms; each has a global variable that `TARGET_GROUP_<N>_` + the same name overrides. */
export interface AlgorithmOptions {
  /** HASH_KEY. */
  readonly hashKey: HashKey;
}

/** How clients stay with their targets. */
export interface StickinessConfig {
  /** STICKINESS_TTL; 0 makes a session cookie. */
  readonly ttlMs: number;
  /** STICKINESS_COOKIE: the application's own cookie, with which its sessions begin; null for none. */
  readonly applicationCookie: string | null;
  /** STICKY_COOKIE_NAME. */
  readonly cookieName: string;
  /** STICKY_SECRET; null if unset: sluice makes one at start. */
  readonly secret: string | null;
}

/** What `HASH` hashes. */
export type HashKey =
  | { readonly from: "client-ip" }
  | { readonly from: "path" }
  | { readonly from: "header"; readonly name: string }
  | { readonly from: "cookie"; readonly name: string };

/** Active health checks of a group. */
export interface HealthCheckConfig {
  readonly enabled: boolean;
  /** Not under the target's base. */
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly succeedThreshold: number;
  readonly failureThreshold: number;
  /** Inclusive ranges of statuses that count as success. */
  readonly matcher: readonly StatusRange[];
  /** The Host header; null: the entry's `host:port`. */
  readonly host: string | null;
  /** The port to probe; null: the target's. */
  readonly port: number | null;
}

export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

/** Outlier ejection by live traffic. */
export interface EjectionConfig {
  readonly enabled: boolean;
  /** Failed connections in a row until sluice ejects a target. */
  readonly failures: number;
  /** The first ejection's length; doubles up to 5 minutes. */
  readonly timeMs: number;
}

import type { RuleConfig } from "./rule.ts";

/**
 * The effective configuration: what is wanted, after every source was read and every default filled in. Pure data (it is
 * posted to worker threads), frozen, and free of problems: text that has any never becomes a `Config`.
 */

/** Which way of saying it was used: numbered variables, `BACKEND_SERVERS`, `--config servers.json`, or none. */
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

/** What a body of sluice's own error answers holds. */
export type ErrorBody = "empty" | "json" | "text";

/** How targets are spoken to: by the platform's `fetch`, or on sockets of sluice's own (plain HTTP only). */
export type UpstreamTransport = "wire" | "fetch";

/** Which requests may go on a connection to a target that was used before: all, or those that may be sent twice. */
export type UpstreamReuse = "always" | "safe";

/** Who speaks HTTP to clients: the platform's `Deno.serve`, or sluice's own engine on accepted sockets. */
export type ListenerEngine = "serve" | "wire";

/** The listener's engine, and what the `wire` engine allows its clients. Times in ms; 0 never. */
export interface FrontConfig {
  /** LISTENER_ENGINE. */
  readonly engine: ListenerEngine;
  /** LISTENER_HEAD_TIMEOUT: from a request's first byte, or the accept, to the end of its head. */
  readonly headTimeoutMs: number;
  /** LISTENER_IDLE_TIMEOUT: between requests. */
  readonly idleTimeoutMs: number;
  /** LISTENER_WRITE_TIMEOUT: without a byte taken of a response. */
  readonly writeTimeoutMs: number;
  /** LISTENER_MAX_CONNECTIONS, of the whole process. */
  readonly maxConnections: number | "auto";
  /** LISTENER_MAX_CONNECTIONS_PER_CLIENT; 0 no limit. */
  readonly maxConnectionsPerClient: number;
  /** LISTENER_MAX_HEAD_BYTES, 1024 to 65536. */
  readonly maxHeadBytes: number;
  /** LISTENER_MAX_HEAD_LINES, 8 to 128. */
  readonly maxHeadLines: number;
  /** LISTENER_PROXY_PROTOCOL. */
  readonly proxyProtocol: boolean;
}

/** The listener: where clients connect, and what holds for every request. */
export interface ListenerConfig {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Threads that serve; `auto` is one for each available core; 1 serves in the main thread. */
  readonly workers: number | "auto";
  /** CONNECTION_TIMEOUT: from handing a request to a target until its response headers, all attempts together. */
  readonly connectionTimeoutMs: number;
  /** CONNECT_TIMEOUT: for one connection to a target, TLS included; at most half of `connectionTimeoutMs`. */
  readonly connectTimeoutMs: number;
  /** LISTENER_BODY_TIMEOUT: a request body that is still due and brings no byte for this long ends in 408; 0 never. */
  readonly bodyTimeoutMs: number;
  /** STREAM_IDLE_TIMEOUT: an open exchange without a byte either way for this long is cut; 0 never. */
  readonly streamIdleTimeoutMs: number;
  /** HEADER_CONVENTION_ENABLE: add the X-Forwarded family. */
  readonly headerConvention: boolean;
  /** VIA_ENABLE: name this sluice in `Via`; without it no loop is found. */
  readonly via: boolean;
  /** MAX_BODY_BYTES: larger request bodies get 413; 0 no limit. */
  readonly maxBodyBytes: number;
  /** TRUSTED_PROXIES: CIDRs (`10.0.0.0/8`, `::1/128`; a bare address is a whole-length CIDR); null where unset. */
  readonly trustedProxies: readonly string[] | null;
  readonly shutdownDelayMs: number;
  readonly shutdownTimeoutMs: number;
  /** LISTENER_TAKEOVER: start although another sluice holds the port with SO_REUSEPORT. */
  readonly takeover: boolean;
  readonly errorBody: ErrorBody;
  /** REASON_HEADER: say the reason of an answer of sluice's own in `X-Sluice-Reason`. */
  readonly reasonHeader: boolean;
  /** STATS_PATH: path of the stats on the main listener; null where they are not there. */
  readonly statsPath: string | null;
  /** RETRY_ATTEMPTS: further attempts after the request was sent (idempotent, unread body). */
  readonly retryAttempts: number;
  readonly upstreamTransport: UpstreamTransport;
  readonly upstreamReuse: UpstreamReuse;
  readonly front: FrontConfig;
}

/** The admin listener. */
export interface AdminConfig {
  readonly enabled: boolean;
  readonly host: string;
  readonly port: number;
  /** ADMIN_PORT was given, so a taken port ends the start instead of moving on to a free one. */
  readonly portWasAskedFor: boolean;
  readonly token: string | null;
  readonly metricsPublic: boolean;
  /** ADMIN_HOSTS: names besides addresses and `localhost` that a request's Host may be. */
  readonly hosts: readonly string[];
}

/** Name resolution. */
export interface DnsConfig {
  /** DNS_FAMILY; `auto` is A, and AAAA where there is no A. */
  readonly family: "auto" | "ipv4" | "ipv6" | "any";
  /** DNS_SERVER, instead of the system's. */
  readonly server: { readonly address: string; readonly port: number } | null;
  /** DNS_REFRESH_INTERVAL; 0 resolves at the start only. */
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
  /** Canonical name out of the registry (`ROUND_ROBIN`). */
  readonly algorithm: string;
  readonly algorithmOptions: AlgorithmOptions;
  /** PRESERVE_HOST: targets see the client's Host. */
  readonly preserveHost: boolean;
  /** LOCATION_REWRITE: a `Location`, `Content-Location` or `Refresh` to the target's own address names the client's instead. */
  readonly locationRewrite: boolean;
  readonly healthCheck: HealthCheckConfig;
  readonly ejection: EjectionConfig;
  /** FAIL_OPEN: when all are unhealthy, all serve. */
  readonly failOpen: boolean;
}

/** One entry of `_TARGETS`: a name may stand for several targets. */
export interface TargetEntry {
  readonly scheme: "http" | "https";
  /** As configured, lower case; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Without its last `/`; empty where none was given. */
  readonly base: string;
  /** An integer of at least 1; 1 where absent. Shared out over the addresses that the host resolves to. */
  readonly weight: number;
}

/** Options of algorithms; each has a global variable that `TARGET_GROUP_<N>_` + the same name overrides. */
export interface AlgorithmOptions {
  /** STICKY_COOKIE_NAME. */
  readonly stickyCookieName: string;
  /** STICKY_TTL; 0 makes a session cookie. */
  readonly stickyTtlMs: number;
  /** STICKY_SECRET; null where unset (one is made at the start). */
  readonly stickySecret: string | null;
  /** HASH_KEY. */
  readonly hashKey: HashKey;
}

/** What `HASH` hashes on. */
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

/** Passive outlier ejection by live traffic. */
export interface EjectionConfig {
  readonly enabled: boolean;
  /** Consecutive connection failures until a target is out. */
  readonly failures: number;
  /** The first ejection's length; doubles up to 5 minutes. */
  readonly timeMs: number;
}

import type { CertificateOrderView } from "../../views/certificate_view.ts";
import type { HandshakeReading } from "../readings/client_reading.ts";
import type { CloseCause } from "../../state/client_column.ts";
import type { Reason } from "../../state/reason.ts";
import type { TargetStateName } from "../../state/target_state.ts";
import type { NameView, ReloadOutcome, SystemView } from "../../views/system_view.ts";
import type { LatencySummary } from "./latency_summary.ts";

/** Answers by status class; a request that the client left (499) is among `4xx`, what is above 599 among `5xx`. */
export type StatusClasses = Readonly<Record<"1xx" | "2xx" | "3xx" | "4xx" | "5xx", number>>;

/** What `/lb/stats` says. Times are ISO 8601 in UTC, counts are since the start of the process. */
export interface Stats {
  readonly version: string;
  /** This process's name in `Via`. */
  readonly instance: string;
  readonly now: string;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  /** What `/readyz` says. */
  readonly ready: boolean;
  /** The number of the snapshot that the control plane made last. */
  readonly generation: number;
  /** The last reload; null before the first. Refused, it left the configuration as it was. */
  readonly lastReload: (Omit<ReloadOutcome, "atMs"> & { readonly at: string }) | null;
  readonly listener: string;
  readonly total: TotalStats;
  /** Clients' connections; null with the engine `serve`. */
  readonly clients: ClientStats | null;
  /** TLS on the listener; null without LISTENER_TLS_PORT. */
  readonly tls: TlsStats | null;
  /** How many answers were sluice's own, by reason; every reason is there, also with 0. */
  readonly reasons: Readonly<Record<Reason, number>>;
  readonly rules: readonly RuleStats[];
  readonly groups: readonly GroupStats[];
  readonly workers: SystemView["workers"];
}

/**
 * Connections that were made for attempts, WebSockets' among them; null where `fetch` makes all others, which does not
 * tell.
 */
export interface ConnectSummary {
  /** How many; the other attempts used a connection again, or made none. */
  readonly made: number;
  /** How long making one took on average, in milliseconds; null before the first. */
  readonly averageMs: number | null;
}

/** Clients' connections with the engine `wire`. */
export interface ClientStats {
  /** Open connections: idle ones wait for their next request, all others are active. */
  readonly connections: { readonly active: number; readonly idle: number };
  readonly accepted: number;
  /** Closed connections, by cause; every cause is there, also with 0. */
  readonly closed: Readonly<Record<CloseCause, number>>;
  /** Requests of closed connections, on average; null before the first was closed. */
  readonly requestsPerConnection: number | null;
  /** Request heads that were read whole. */
  readonly heads: {
    readonly bytes: number;
    /** From the first byte to the end; 0 if the head came at once. */
    readonly time: LatencySummary;
  };
}

/** TLS on the listener. */
export interface TlsStats {
  readonly listener: string;
  readonly certificates: readonly {
    readonly names: readonly string[];
    /** A file, or `ACME`. */
    readonly source: string;
    readonly issuer: string;
    readonly notBefore: string;
    readonly notAfter: string;
    /** Negative once it has expired. */
    readonly expiresInSeconds: number;
    /** Why the newest version of its files is not used; null if it is. */
    readonly refused: string | null;
  }[];
  /** Names that ACME is to bring a certificate for. */
  readonly orders: readonly (Omit<CertificateOrderView, "nextTryMs"> & { readonly nextTryInSeconds: number | null })[];
  /** Null with the engine `serve`. */
  readonly handshakes: HandshakeReading | null;
  /** How many workers were exchanged because handshakes did not end. */
  readonly workerExchanges: number;
}

/** What clients saw, over the whole process; what has left the configuration is still counted. */
export interface TotalStats {
  /** Requests that arrived. */
  readonly requests: number;
  /** Requests that came to their end, however: `requests` without those in flight. */
  readonly finished: number;
  /** Finished requests with a status of 500 or above, the targets' and sluice's own. */
  readonly errors: number;
  /** `errors` over `finished`, 0 to 1; 0 before the first. */
  readonly errorRate: number;
  /** Requests that are open now. */
  readonly inFlight: number;
  readonly statusClasses: StatusClasses;
  /** Bytes of bodies, not of headers. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Attempts of one request after its first, over the targets that are there now. */
  readonly retries: number;
  /** Connections that could not be made, over the targets that are there now. */
  readonly connectFailures: number;
  /** Connections that were made, over the targets that are there now. */
  readonly connect: ConnectSummary | null;
  /**
   * Connections to targets that are open now, those of WebSockets (always active) and to targets that have left
   * included; null with `UPSTREAM_TRANSPORT=fetch`.
   */
  readonly connections: { readonly active: number; readonly idle: number } | null;
  /** From handing over until response headers, over the targets that are there now. */
  readonly ttfb: LatencySummary;
  /** The whole exchange with a target, over the targets that are there now. */
  readonly responseTime: LatencySummary;
}

/** What became of the requests that one rule took. */
export interface RuleStats {
  /** The N of `LISTENER_RULE_<N>_*`. */
  readonly number: number;
  /** `LISTENER_RULE_<N>_PRIORITY`; null if unset. */
  readonly priority: number | null;
  /** Which requests it takes: `api.example.com /v1`. */
  readonly conditions: string;
  /** What it does with them: `api 90 %, canary 10 %`. */
  readonly action: string;
  /** Empty if the rule answers by itself. */
  readonly targetGroups: readonly string[];
  /** Finished requests. */
  readonly requests: number;
  /** Those with a status of 500 or above. */
  readonly errors: number;
  readonly errorRate: number;
  readonly statusClasses: StatusClasses;
}

/** Numbers of a target, or of a group's targets together. */
export interface ExchangeStats {
  /**
   * Attempts handed over: a request that failed over counts at each target that was tried. A target itself saw at most
   * `requests - connectFailures`.
   */
  readonly requests: number;
  /** Attempts with a status of 500 or above, or without an answer. */
  readonly errors: number;
  /** `errors` over `requests`, 0 to 1; 0 before the first. */
  readonly errorRate: number;
  /** Attempts that ended without response headers; `connectFailures` are among them. */
  readonly noAnswer: number;
  readonly inFlight: number;
  readonly statusClasses: StatusClasses;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Attempts that came here after another attempt of the same request. */
  readonly retries: number;
  /** Attempts whose connection could not be made. */
  readonly connectFailures: number;
  readonly connect: ConnectSummary | null;
  /** Exchanges that the target broke off after its response headers. */
  readonly brokenByTarget: number;
  /** Exchanges that the client broke off. */
  readonly leftByClient: number;
  /** From handing over until response headers. */
  readonly ttfb: LatencySummary;
  /** The whole exchange, until the last byte of the answer. */
  readonly responseTime: LatencySummary;
}

/** A group and its targets. */
export interface GroupStats extends ExchangeStats {
  readonly name: string;
  readonly algorithm: string;
  readonly failOpen: boolean;
  /** Health checks are on: without them the state of a target that nothing else speaks against is `healthy`. */
  readonly checked: boolean;
  /** What probes request, and the statuses that count as healthy; null without checks. */
  readonly probe: { readonly path: string; readonly matcher: string } | null;
  /** False until a name of the group resolved for the first time. */
  readonly resolved: boolean;
  /** How many targets are in which state. */
  readonly states: Readonly<Record<TargetStateName, number>>;
  /** What DNS said of each host. */
  readonly names: readonly NameView[];
  readonly targets: readonly TargetStats[];
}

/** A target. */
export interface TargetStats extends ExchangeStats {
  /** `http://10.0.0.1:80/v1`. */
  readonly target: string;
  /** `10.0.0.1:80`: what `drain` and `enable` take. */
  readonly address: string;
  /** The configured host. */
  readonly host: string;
  /** Its share of the entry's weight. */
  readonly weight: number;
  readonly state: TargetStateName;
  /** Why it is in this state, and which way its last probes point; null where there is nothing to say. */
  readonly reason: string | null;
  readonly since: string;
  /** When it is probed next; null without checks. */
  readonly nextProbe: string | null;
  readonly lastProbe:
    | { readonly at: string; readonly ok: boolean; readonly reason: string; readonly ms: number }
    | null;
  /** Probes so far. */
  readonly probes: { readonly ok: number; readonly failed: number };
  /** Probes of the same outcome in a row, as of now. */
  readonly consecutiveProbes: { readonly ok: number; readonly failed: number };
  /** When the ejection ends; null where it is not ejected. */
  readonly ejectedUntil: string | null;
  /** How often live traffic ejected it. */
  readonly ejections: number;
}

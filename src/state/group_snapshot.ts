import type { TargetTls } from "../certificates/target_tls.ts";
import type { AlgorithmOptions, ListenerConfig, StickinessConfig } from "../config/model.ts";
import type { RuleConfig } from "../config/rule.ts";

/**
 * What the data plane serves by: immutable, posted whole, swapped whole (members and their health can never be seen
 * half changed). Live numbers and health are not in it: they stand in the target table, at each target's slot.
 */
export interface Snapshot {
  /** Grows by one with each snapshot of this process. */
  readonly generation: number;
  /** Names this process in `Via` and so finds loops. */
  readonly instance: string;
  readonly listener: ListenerConfig;
  /** The port that the listener really has (LISTENER_PORT may be 0); 0 for none (LISTENER_PORT=off). */
  readonly listenerPort: number;
  /** The same for LISTENER_TLS_PORT. */
  readonly tlsPort: number;
  readonly accessLog: boolean;
  /** Each request is told of in the log: LOG_LEVEL=debug. */
  readonly debugRequests: boolean;
  readonly rules: readonly RuleSnapshot[];
  readonly groups: readonly GroupSnapshot[];
}

export interface RuleSnapshot extends RuleConfig {
  /** The rule's place in the counters of the target table; kept as long as its number stays. */
  readonly slot: number;
}

export interface GroupSnapshot {
  readonly name: string;
  readonly algorithm: string;
  readonly algorithmOptions: AlgorithmOptions;
  /** With a secret filled in; null without stickiness. */
  readonly stickiness: StickinessConfig | null;
  readonly preserveHost: boolean;
  readonly locationRewrite: boolean;
  readonly failOpen: boolean;
  /** False until a name of the group resolved for the first time: then 502 `dns_failed` rather than 503. */
  readonly resolved: boolean;
  /** The group's place among the shared cursors of the target table. */
  readonly cursor: number;
  /**
   * In order of entry, then address. Targets that left the group are not here, although their slots live on to drain.
   */
  readonly targets: readonly TargetSnapshot[];
}

/** One address behind an entry of `_TARGETS`. */
export interface TargetSnapshot {
  /** Its place in the target table. */
  readonly slot: number;
  readonly scheme: "http" | "https";
  /** The entry's host, as configured. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  /** Without its last `/`. */
  readonly base: string;
  /** Null for `http`. */
  readonly tls: TargetTls | null;
  /** The entry's weight divided by the number of its addresses; above 0. */
  readonly weight: number;
}

/** Identifies a target within its group: scheme, address, port, base (`http://10.0.0.1:80/v1`). */
export function targetKey(target: Pick<TargetSnapshot, "scheme" | "address" | "port" | "base">): string {
  return `${target.scheme}://${hostPort(target.address, target.port)}${target.base}`;
}

/** Joins a host and a port, with brackets around IPv6 (`[::1]:80`). */
export function hostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

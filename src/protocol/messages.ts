import type { CertificatePair } from "../certificates/certificate_pair.ts";
import type { LogLevel } from "../config/model.ts";
import type { Decision } from "../views/decision.ts";
import type { Snapshot } from "../state/group_snapshot.ts";

/** From the control plane to a worker. */
export type ControlMessage =
  | {
    readonly type: "start";
    /** The worker's column in the target table. */
    readonly worker: number;
    /** How many workers serve: each has its share of the connections that may be open. */
    readonly workers: number;
    readonly table: SharedArrayBuffer;
    readonly snapshot: Snapshot;
    /** What LISTENER_TLS_PORT serves; none without it. */
    readonly certificates: readonly CertificatePair[];
    /** JSON access lines rather than text. */
    readonly accessLogJson: boolean;
  }
  /** A whole new snapshot, never a diff. */
  | { readonly type: "snapshot"; readonly snapshot: Snapshot }
  /** New connections get one of these; those that are open keep what they have. */
  | { readonly type: "certificates"; readonly certificates: readonly CertificatePair[] }
  /** From now on each response tells its client to reconnect: another process will serve it. */
  | { readonly type: "send_away" }
  /** Accept no TLS connection for so long, 0 to end that: another thread needs the descriptors that are left. */
  | { readonly type: "hold"; readonly ms: number }
  /**
   * Stop accepting connections, finish what is open, then say `drained`. `exchanged`: the process goes on, and another
   * worker has taken the place of this one.
   */
  | { readonly type: "drain"; readonly exchanged: boolean }
  /** After `drain`: the time is up, close everything that is still open. */
  | { readonly type: "cut" }
  /** The text of the stats page, in response to `stats_wanted`. */
  | { readonly type: "stats"; readonly id: number; readonly json: string }
  /** The response to the challenge that `challenge_wanted` asked for; null if there is none. */
  | { readonly type: "challenge"; readonly id: number; readonly text: string | null }
  /** Send the last decisions. */
  | { readonly type: "decisions_wanted"; readonly id: number };

/** From a worker to the control plane. */
export type WorkerMessage =
  /** The thread has loaded its code and waits for `start`. */
  | { readonly type: "loaded" }
  /** The listener accepts. */
  | { readonly type: "listening"; readonly worker: number }
  /** The listener could not be opened. */
  | { readonly type: "listen_failed"; readonly worker: number; readonly tls: boolean; readonly error: string }
  /** The listener failed and is being reopened: the thread accepts no connections meanwhile. */
  | { readonly type: "listener_down"; readonly worker: number; readonly error: string }
  /** After `listener_down`: the listener accepts again. */
  | { readonly type: "listener_up"; readonly worker: number }
  /** A snapshot is in use. */
  | { readonly type: "applied"; readonly worker: number; readonly generation: number }
  /** A connection to a target failed; `consecutive` counts failures in a row over all workers. */
  | { readonly type: "connection_failed"; readonly slot: number; readonly consecutive: number; readonly error: string }
  /** Whole lines, written as they are. */
  | { readonly type: "access_lines"; readonly bytes: Uint8Array<ArrayBuffer> }
  | {
    readonly type: "log";
    readonly level: LogLevel;
    readonly event: string;
    readonly message: string;
    readonly fields: Record<string, unknown>;
  }
  /** A client asked for STATS_PATH on the main listener. */
  | { readonly type: "stats_wanted"; readonly worker: number; readonly id: number }
  /** A request came for an ACME challenge (RFC 8555 section 8.3). */
  | { readonly type: "challenge_wanted"; readonly worker: number; readonly id: number; readonly token: string }
  | { readonly type: "decisions"; readonly id: number; readonly decisions: readonly Decision[] }
  /**
   * So many TLS handshakes don't end that this thread should end: the platform can't close their connections.
   * `stuck` of them have been given up. Said again and again until `drain`.
   */
  | {
    readonly type: "exchange_wanted";
    readonly worker: number;
    readonly handshakes: number;
    readonly stuck: number;
  }
  /** After `drain`: nothing is open any more. */
  | { readonly type: "drained"; readonly worker: number };

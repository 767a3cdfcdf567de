import type { DeadlineWheel } from "../../time/deadline.ts";

/** What happened to clients' handshakes, since the thread began. */
export interface HandshakeCounts {
  /** Ended well, by the protocol that was agreed on. */
  http1: number;
  http2: number;
  /** Ended by a client that speaks no TLS, or none that is served, or that broke off. */
  failed: number;
  /** Did not end within LISTENER_TLS_HANDSHAKE_TIMEOUT. */
  timedOut: number;
}

/** What handshakes are made with. */
export interface HandshakeParts {
  readonly wheel: DeadlineWheel;
  /** Monotonic ms. */
  nowMs(): number;
  /** LISTENER_TLS_HANDSHAKE_TIMEOUT, ms; 0 never. */
  timeoutMs(): number;
  /** A connection whose handshake is done. */
  done(conn: Deno.TlsConn, protocol: "http/1.1" | "h2"): void;
}

/**
 * Makes the handshakes of a thread's TLS connections. The platform can't close a connection whose handshake is pending: its descriptor
 * stays open until the client closes it, or until the thread ends, and after a `close` nothing tells which of the two has happened. So
 * a handshake that times out is counted as stuck and left alone; the owner of the thread ends it before there are too many.
 */
export class Handshakes {
  readonly counts: HandshakeCounts = { http1: 0, http2: 0, failed: 0, timedOut: 0 };
  /** Handshakes that are under way, the stuck ones too. */
  pending = 0;
  /** Handshakes that timed out, and whose connection the platform still holds. */
  stuck = 0;
  readonly #parts: HandshakeParts;

  constructor(parts: HandshakeParts) {
    this.#parts = parts;
  }

  /** Makes a connection's handshake. Never throws. */
  begin(conn: Deno.TlsConn): void {
    const { wheel, nowMs, timeoutMs, done } = this.#parts;
    this.pending++;
    let late = false;
    const watch = wheel.watch(timeoutMs(), nowMs(), () => {
      late = true;
      this.stuck++;
      this.counts.timedOut++;
    });
    const settle = () => {
      this.pending--;
      wheel.close(watch);
      if (late) this.stuck--;
    };
    conn.handshake().then(({ alpnProtocol }) => {
      settle();
      if (late) return close(conn);
      const protocol = alpnProtocol === "h2" ? "h2" : "http/1.1";
      this.counts[protocol === "h2" ? "http2" : "http1"]++;
      done(conn, protocol);
    }, () => {
      settle();
      if (!late) this.counts.failed++;
      close(conn);
    });
  }
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // The platform has closed it already.
  }
}

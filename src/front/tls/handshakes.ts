import type { ClientColumn } from "../../state/client_column.ts";
import type { Deadlines } from "../../time/deadline.ts";
import type { AcceptedConn, SecureConn } from "../acceptor.ts";

/** What handshakes are made with. */
export interface HandshakeParts {
  readonly deadlines: Deadlines;
  /** Monotonic ms. */
  nowMs(): number;
  /** LISTENER_TLS_HANDSHAKE_TIMEOUT, ms; 0 never. */
  timeoutMs(): number;
  readonly column: Pick<ClientColumn, "handshaking" | "shookHands">;
  /** A connection whose handshake is done. */
  done(conn: SecureConn, protocol: "http/1.1" | "h2"): void;
}

/**
 * Makes the handshakes of a thread's TLS connections. The platform can't close a connection of a listener with one
 * certificate while its handshake is pending: its descriptor stays open until the client closes it, or until the thread
 * ends, and after a `close` nothing tells which of the two has happened. So a handshake that times out there is counted
 * as stuck and left alone; the owner of the thread ends it before there are too many.
 */
export class Handshakes {
  /** Handshakes that timed out, and whose connection the platform still holds. */
  stuck = 0;
  readonly #parts: HandshakeParts;
  /** When each that is under way began, monotonic ms; the oldest first. */
  readonly #begun = new Set<{ readonly atMs: number }>();

  constructor(parts: HandshakeParts) {
    this.#parts = parts;
  }

  /** Handshakes that are under way, the stuck ones too. */
  get pending(): number {
    return this.#begun.size;
  }

  /** Those of them that have been under way for so long. */
  olderThan(ageMs: number): number {
    const untilMs = this.#parts.nowMs() - ageMs;
    let count = 0;
    for (const { atMs } of this.#begun) {
      if (atMs > untilMs) break;
      count++;
    }
    return count;
  }

  /** Makes a connection's handshake. Never throws. */
  begin(conn: SecureConn): void {
    const { deadlines, nowMs, timeoutMs, column, done } = this.#parts;
    const begun = { atMs: nowMs() };
    this.#begun.add(begun);
    column.handshaking(1);
    let late = false;
    const watch = deadlines.watch(timeoutMs(), begun.atMs, () => {
      late = true;
      this.stuck++;
      column.shookHands("handshakesTimedOut");
      conn.abort?.();
    });
    const settle = () => {
      this.#begun.delete(begun);
      column.handshaking(-1);
      deadlines.close(watch);
      if (late) this.stuck--;
    };
    conn.handshake().then(({ alpnProtocol }) => {
      settle();
      if (late) return close(conn);
      const protocol = alpnProtocol === "h2" ? "h2" : "http/1.1";
      column.shookHands(protocol === "h2" ? "handshakesHttp2" : "handshakesHttp1");
      done(conn, protocol);
    }, () => {
      settle();
      if (!late) column.shookHands("handshakesFailed");
      close(conn);
    });
  }
}

function close(conn: AcceptedConn): void {
  try {
    conn.close();
  } catch {
    // The platform has closed it already.
  }
}

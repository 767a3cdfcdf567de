import type { ClientColumn } from "../../state/client_column.ts";
import type { Deadlines } from "../../time/deadline.ts";

/** What handshakes are made with. */
export interface HandshakeParts {
  readonly deadlines: Deadlines;
  /** Monotonic ms. */
  nowMs(): number;
  /** LISTENER_TLS_HANDSHAKE_TIMEOUT, ms; 0 never. */
  timeoutMs(): number;
  readonly column: Pick<ClientColumn, "handshaking" | "shookHands">;
  /** A connection whose handshake is done. */
  done(conn: Deno.TlsConn, protocol: "http/1.1" | "h2"): void;
}

/**
 * Makes the handshakes of a thread's TLS connections. The platform can't close a connection whose handshake is pending:
 * its descriptor stays open until the client closes it, or until the thread ends, and after a `close` nothing tells
 * which of the two has happened. So a handshake that times out is counted as stuck and left alone; the owner of the
 * thread ends it before there are too many.
 */
export class Handshakes {
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
    const { deadlines, nowMs, timeoutMs, column, done } = this.#parts;
    this.pending++;
    column.handshaking(1);
    let late = false;
    const watch = deadlines.watch(timeoutMs(), nowMs(), () => {
      late = true;
      this.stuck++;
      column.shookHands("handshakesTimedOut");
    });
    const settle = () => {
      this.pending--;
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

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // The platform has closed it already.
  }
}

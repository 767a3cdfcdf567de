import type { Bytes } from "../http1/bytes.ts";
import type { FieldLines } from "../http1/field_lines.ts";
import type { TunnelEnd } from "../http1/tunnel_end.ts";

/** The head of a response. */
export interface ResponseHead {
  readonly status: number;
  /** The reason phrase as it came, one character a byte; null for the usual one. */
  readonly phrase: string | null;
  /** A target's header lines, of which those that are not dropped are passed on; null if there are none. */
  readonly lines: FieldLines | null;
  /** Lines of sluice's own, behind the target's; names in the case in which they are sent. */
  readonly own: readonly (readonly [string, string])[];
  /**
   * Bytes of the body; -1 if only its end tells. A Content-Length line must be among the lines if the length is known.
   */
  readonly bodyLength: number;
}

/** What is told of a tunnel. */
export interface TunnelEvents {
  /** Bytes went on to that side. */
  moved(to: "client" | "target", bytes: number): void;
  /** One side has ended; the other may still send. */
  halfClosed(): void;
  /** A side ended the connection without a word, or broke it; or the engine ended it because nothing moved. */
  broken(by: "client" | "target" | "idle" | "shutdown"): void;
  /** What should never happen did. */
  failed(error: unknown): void;
}

/**
 * The response to a request, whatever engine received it. Methods are called in this order: interim, head, write,
 * end.
 */
export interface Reply {
  /** Sends an interim response (1xx but 101). */
  interim(head: ResponseHead): Promise<void>;
  /**
   * Begins the response, which may wait for the first piece of the body, or the end, to go with it. Returns the status
   * that the client gets: another one if the engine can't send it as it is.
   */
  head(head: ResponseHead): number;
  /**
   * Switches the protocol with this head (101), and passes bytes both ways from then on; resolves when both sides have
   * ended.
   */
  tunnel(head: ResponseHead, protocol: string, target: TunnelEnd, events: TunnelEvents): Promise<void>;
  /** Sends what waits, so that a head need not wait for its body. A failure shows with the next piece. */
  flush(): void;
  /** Sends a piece of the body; resolves when it was taken: that is the back-pressure. The piece may be reused then. */
  write(piece: Bytes): Promise<void>;
  /** Ends the response, with a last piece if there is one. */
  end(last?: Bytes | null, trailers?: Bytes | null): Promise<void>;
  /** Breaks the response off, so that the client does not take it for a whole one. */
  cut(): void;
  /** The head was sent, or begun to be. */
  readonly begun: boolean;
  /** Settles when the client has the response, or is gone; null if `end` and `tunnel` resolve no earlier than that. */
  readonly sent: Promise<unknown> | null;
}

/** What became of a stream's turn to write. */
export const Turn = {
  /** It has nothing to write, or waits for its own window. */
  over: 0,
  /** It has more, and others come first. */
  again: 1,
  /** There is no room. */
  room: 2,
  /** The connection's window is closed. */
  window: 3,
} as const;
/** One of {@linkcode Turn}. */
export type Turn = typeof Turn[keyof typeof Turn];

/** What has something to send: a stream. */
export interface Sender<Writer> {
  /** Stands behind this one in the queue. */
  nextSender: Sender<Writer> | null;
  queued: boolean;
  /** Writes what it may in its turn. */
  fill(writer: Writer): Turn;
}

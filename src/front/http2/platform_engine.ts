/** A connection that the platform's engine serves. */
export interface ServedConnection {
  /** Settles when the connection is closed; rejects if that was because of a broken rule of HTTP/2. */
  readonly finished: Promise<void>;
  /**
   * Tells the client to send no more requests (GOAWAY); the connection closes when those that are open have ended and
   * the client has acknowledged. From then on the signal has no effect.
   */
  shutdown(): Promise<void>;
}

/** Serves requests of one connection. */
export type ServeConnection = (
  conn: Deno.Conn,
  /** Closes it at once; see {@linkcode closeAtOnce}. */
  signal: AbortSignal,
  handler: (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => Response | Promise<Response>,
  onError: (error: unknown) => Response,
  onListen: () => void,
) => ServedConnection;

/**
 * Serves one accepted connection with the engine of `Deno.serve`, which speaks HTTP/2; null if this platform lacks it.
 * It is private to the platform: only this file uses it.
 */
export const serveConnection: ServeConnection | null = probe();

/**
 * Closes a connection by its signal. If the connection has just ended by itself, the platform throws inside its
 * listener, which would end the process.
 */
export function closeAtOnce(controller: AbortController): void {
  addEventListener("error", ignore);
  try {
    controller.abort();
  } finally {
    removeEventListener("error", ignore);
  }
}

function ignore(event: Event): void {
  event.preventDefault();
}

function probe(): ServeConnection | null {
  const name: unknown = Reflect.get(Deno, "internal");
  if (typeof name !== "symbol") return null;
  const internals: unknown = Reflect.get(Deno, name);
  if (typeof internals !== "object" || internals === null) return null;
  const serve: unknown = Reflect.get(internals, "serveHttpOnConnection");
  return typeof serve === "function" && serve.length >= 5 ? serve as ServeConnection : null;
}

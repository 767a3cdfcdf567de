import type { ClientSocket } from "./client_socket.ts";

/** How long, and for how many bytes, a client may go on sending what is dropped, so that it gets its response. */
export const LINGER_MS = 2_000;
const LINGER_BYTES = 1_048_576;

/**
 * The response is sent, but the client may still be sending: a close now would reset the connection and could take the
 * response with it (RFC 9112 section 9.6). So the sending side ends first, and what comes is read and thrown away for a
 * while.
 */
export async function linger(socket: ClientSocket): Promise<void> {
  socket.lingers = true;
  try {
    await socket.closeWrite();
    for (let bytes = socket.available; bytes < LINGER_BYTES;) {
      const count = await socket.discard();
      if (count === 0) return;
      bytes += count;
    }
  } catch {
    // Gone already.
  }
}

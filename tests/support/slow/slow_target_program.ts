/**
 * A target in a process of its own: `/slow/deaf` gets a body of megabytes, `/slow/body` has its own body read to the
 * end, every other path gets `ok` at once. Prints its port.
 */
const DEAF_PIECE = new Uint8Array(1_000_000);
const DEAF_PIECES = 8;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const OK = encoder.encode("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
const DEAF = encoder.encode(`HTTP/1.1 200 OK\r\nContent-Length: ${DEAF_PIECE.length * DEAF_PIECES}\r\n\r\n`);

async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

async function serve(conn: Deno.TcpConn): Promise<void> {
  const room = new Uint8Array(4096);
  let text = "";
  for (let count = await conn.read(room); count !== null; count = await conn.read(room)) {
    text += decoder.decode(room.subarray(0, count));
    if (!text.includes("\r\n\r\n")) continue;
    const path = text.split(" ", 2)[1];
    text = "";
    if (path === "/slow/body") { while (await conn.read(room) !== null); }
    else if (path === "/slow/deaf") {
      await writeAll(conn, DEAF);
      for (let i = 0; i < DEAF_PIECES; i++) await writeAll(conn, DEAF_PIECE);
    } else await writeAll(conn, OK);
  }
}

// Thousands of connections come within a moment. Beyond 511, the platform's default, the system would drop their first
// packets, and whoever waits for a connection then gets it a second later, or three.
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 4_096 });
console.log((listener.addr as Deno.NetAddr).port);
for await (const conn of listener) {
  serve(conn).catch(() => {}).finally(() => {
    try {
      conn.close();
    } catch {
      // Closed already.
    }
  });
}

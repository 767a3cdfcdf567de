import type { Bytes } from "../../http1/bytes.ts";
import type { ByteTunnel } from "../../http1/tunnel_end.ts";
import type { TargetReader } from "./target_reader.ts";

/** Stands for what ended a connection if sluice did. */
const CLOSED = new Error("Closed");

/** A connection to a target that has switched protocols, as bytes. */
export function targetTunnel(reader: TargetReader): ByteTunnel {
  const { connection } = reader;
  const early: Bytes = connection.bytes.slice(connection.start, connection.end);
  connection.start = connection.end;
  connection.rewind();
  // A tunnel may be idle for hours: it holds no room for heads.
  if (connection.written && !connection.reading) connection.rest();
  return {
    kind: "bytes",
    early,
    async read(place) {
      const count = await reader.readInto(place);
      if (count > 0) return count;
      const { endedWith } = reader;
      if (endedWith === null) return null;
      throw endedWith;
    },
    write: (bytes) => connection.writeAll(bytes),
    closeWrite: () => connection.closeWrite(),
    close() {
      connection.close();
      // Who waits for bytes is told: a tunnel is over when both of its directions are.
      reader.ended(CLOSED);
    },
  };
}

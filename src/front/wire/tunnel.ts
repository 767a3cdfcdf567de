import type { TunnelEnd } from "../../http1/body_source.ts";
import type { TunnelEvents } from "../reply.ts";
import type { ClientSocket } from "./client_socket.ts";
import type { FrontRooms } from "./rooms.ts";

/**
 * Passes bytes between a client and a target as they come, whatever they mean. A side that ends is told to the other, which may go on;
 * one that breaks ends both. Resolves when both have ended.
 */
export async function passBothWays(
  client: ClientSocket,
  target: TunnelEnd,
  { rooms, events }: { readonly rooms: FrontRooms; readonly events: TunnelEvents },
): Promise<void> {
  const toTarget = async () => {
    const room = rooms.large.lend();
    try {
      for (;;) {
        // What was read ahead first: it stands in the client's own room.
        let piece = room.subarray(0, 0);
        if (client.available > 0) {
          piece = client.bytes.subarray(client.start, client.end);
          client.start = client.end;
        } else {
          client.rewind();
          const count = await client.readInto(room);
          if (count === null) break;
          piece = room.subarray(0, count);
        }
        await target.write(piece);
        events.moved("target", piece.length);
      }
      if (client.ended !== "closed its side") return "client" as const;
      await target.closeWrite();
      return null;
    } catch {
      return client.ended === "left" || !client.open ? "client" as const : "target" as const;
    } finally {
      rooms.large.giveBack(room);
    }
  };
  const toClient = async () => {
    const room = rooms.large.lend();
    let reading = false;
    try {
      if (target.early.length > 0) {
        await client.write(target.early);
        events.moved("client", target.early.length);
      }
      for (;;) {
        reading = true;
        const count = await target.read(room);
        reading = false;
        if (count === null) break;
        await client.write(room.subarray(0, count));
        events.moved("client", count);
      }
      await client.closeWrite();
      return null;
    } catch {
      return reading ? "target" as const : "client" as const;
    } finally {
      rooms.large.giveBack(room);
    }
  };
  let broken: "client" | "target" | null = null;
  const watch = async (way: Promise<"client" | "target" | null>) => {
    const by = await way;
    if (by === null) events.halfClosed();
    if (by === null || broken !== null) return;
    broken = by;
    events.broken(by);
    client.close();
    target.close();
  };
  await Promise.all([watch(toTarget()), watch(toClient())]);
  target.close();
}

import type { Bytes } from "../../http1/bytes.ts";
import type { ByteTunnel } from "../../http1/tunnel_end.ts";
import type { TunnelEvents } from "../reply.ts";
import type { ClientSocket } from "./client_socket.ts";
import type { Farewell } from "./farewell.ts";
import { GrowingRoom } from "./growing_room.ts";
import type { FrontRooms } from "./rooms.ts";

/** Who broke a tunnel; null if its side ended in order. */
type Broken = "client" | "target" | null;

/** What both directions of a tunnel work with. */
interface TunnelParts {
  readonly rooms: FrontRooms;
  readonly events: TunnelEvents;
  /** Ends it from here; null if it is no WebSocket. */
  readonly farewell: Farewell | null;
}

/**
 * Passes bytes between a client and a target as they come, whatever they mean. A side that ends is told to the other,
 * which may go on; one that breaks ends both. Resolves when both have ended.
 */
export async function passBothWays(client: ClientSocket, target: ByteTunnel, parts: TunnelParts): Promise<void> {
  const { events } = parts;
  let broken: Broken = null;
  const watch = async (way: Promise<Broken>) => {
    const by = await way;
    if (by === null) events.halfClosed();
    if (by === null || broken !== null) return;
    broken = by;
    events.broken(by);
    client.close();
    target.close();
  };
  await Promise.all([watch(toTarget(client, target, parts)), watch(toClient(client, target, parts))]);
  target.close();
}

async function toTarget(client: ClientSocket, target: ByteTunnel, parts: TunnelParts): Promise<Broken> {
  const { rooms, events } = parts;
  const way = parts.farewell?.toTarget ?? null;
  const room = new GrowingRoom(rooms);
  try {
    for (;;) {
      let piece: Bytes;
      if (client.available > 0) {
        // What was read ahead stands in the client's own room.
        piece = client.bytes.subarray(client.start, client.end);
        client.start = client.end;
      } else {
        const place = room.place();
        const count = await client.readInto(place);
        if (count === 0) break;
        room.came(count);
        piece = place.subarray(0, count);
      }
      await (way === null ? target.write(piece) : way.pass(piece));
      events.moved("target", piece.length);
      const turn = rooms.turns.spend(piece.length);
      if (turn !== null) await turn;
    }
    if (client.ended !== "closed its side") return "client";
    await way?.said;
    await target.closeWrite();
    return null;
  } catch {
    return client.ended !== null || !client.open ? "client" : "target";
  } finally {
    room.release();
  }
}

async function toClient(client: ClientSocket, target: ByteTunnel, parts: TunnelParts): Promise<Broken> {
  const { rooms, events } = parts;
  const way = parts.farewell?.toClient ?? null;
  const room = new GrowingRoom(rooms);
  let reading = false;
  try {
    if (target.early.length > 0) {
      await (way === null ? client.write(target.early) : way.pass(target.early));
      events.moved("client", target.early.length);
    }
    for (;;) {
      const place = room.place();
      reading = true;
      const count = await target.read(place);
      reading = false;
      if (count === null) break;
      const piece = place.subarray(0, count);
      await (way === null ? client.write(piece) : way.pass(piece));
      events.moved("client", count);
      room.came(count);
      const turn = rooms.turns.spend(count);
      if (turn !== null) await turn;
    }
    await way?.said;
    await client.closeWrite();
    return null;
  } catch {
    return reading ? "target" : "client";
  } finally {
    room.release();
  }
}

import type { Bytes } from "../../http1/bytes.ts";
import type { ByteTunnel } from "../../http1/tunnel_end.ts";
import type { TunnelEvents } from "../reply.ts";
import type { ClientSocket } from "./client_socket.ts";
import type { FrontRooms } from "./rooms.ts";

/**
 * Room for a read from a tunnel that has little to say: each one that is open holds it. The client's is its
 * connection's.
 */
const SMALL_BYTES = 2_048;

/** Who broke a tunnel; null if its side ended in order. */
type Broken = "client" | "target" | null;

/** What both directions of a tunnel work with. */
interface TunnelParts {
  readonly rooms: FrontRooms;
  readonly events: TunnelEvents;
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

async function toTarget(client: ClientSocket, target: ByteTunnel, { rooms, events }: TunnelParts): Promise<Broken> {
  const large = new LargeRoom(rooms);
  try {
    for (;;) {
      let piece: Bytes;
      if (large.room !== null && client.available === 0) {
        const count = await client.readInto(large.room);
        if (count === null) break;
        piece = large.room.subarray(0, count);
      } else {
        // What was read ahead comes first: it stands in the client's own room.
        if (client.available === 0) {
          client.rewind();
          if (!await client.more()) break;
        }
        piece = client.bytes.subarray(client.start, client.end);
        client.start = client.end;
      }
      await target.write(piece);
      events.moved("target", piece.length);
      large.fits(piece.length);
      const turn = rooms.turns.spend(piece.length);
      if (turn !== null) await turn;
    }
    if (client.ended !== "closed its side") return "client";
    await target.closeWrite();
    return null;
  } catch {
    return client.ended !== null || !client.open ? "client" : "target";
  } finally {
    large.release();
  }
}

async function toClient(client: ClientSocket, target: ByteTunnel, { rooms, events }: TunnelParts): Promise<Broken> {
  const small: Bytes = new Uint8Array(SMALL_BYTES);
  const large = new LargeRoom(rooms);
  let reading = false;
  try {
    if (target.early.length > 0) {
      await client.write(target.early);
      events.moved("client", target.early.length);
    }
    for (;;) {
      const place = large.room ?? small;
      reading = true;
      const count = await target.read(place);
      reading = false;
      if (count === null) break;
      await client.write(place.subarray(0, count));
      events.moved("client", count);
      large.fits(count);
      const turn = rooms.turns.spend(count);
      if (turn !== null) await turn;
    }
    await client.closeWrite();
    return null;
  } catch {
    return reading ? "target" : "client";
  } finally {
    large.release();
  }
}

/** A large room, borrowed while a direction has much to pass on. */
class LargeRoom {
  room: Bytes | null = null;
  readonly #rooms: FrontRooms;

  constructor(rooms: FrontRooms) {
    this.#rooms = rooms;
  }

  /** Chooses the room for the next read by what the last one brought. No read may be under way. */
  fits(count: number): void {
    if (count < SMALL_BYTES) this.release();
    else this.room ??= this.#rooms.large.lend();
  }

  release(): void {
    if (this.room !== null) this.#rooms.large.giveBack(this.room);
    this.room = null;
  }
}

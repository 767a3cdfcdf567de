import type { Bytes } from "../../http1/bytes.ts";
import type { ConnectionOwner, WireConnection } from "./wire_connection.ts";

/** Reads from a connection to a target, for one exchange: turns what the connection reports into awaited results. */
export class TargetReader implements ConnectionOwner {
  readonly connection: WireConnection;
  /** Something came since the request was sent. */
  heard = false;
  /** Why the connection ended: null if the target closed it in order. Undefined while it is open. */
  endedWith: unknown = undefined;
  #wake: ((count: number) => void) | null = null;

  constructor(connection: WireConnection) {
    this.connection = connection;
    connection.owner = this;
  }

  /** Waits for more behind what stands in `bytes`; resolves with how many bytes came, 0 at the connection's end. */
  more(): Promise<number> {
    if (this.endedWith !== undefined) return END;
    this.connection.fill();
    return new Promise((resolve) => this.#wake = resolve);
  }

  /** Reads into a place of the caller's, when nothing stands in `bytes`. */
  readInto(place: Bytes): Promise<number> {
    if (this.endedWith !== undefined) return END;
    this.connection.readInto(place);
    return new Promise((resolve) => this.#wake = resolve);
  }

  received(count: number): void {
    this.heard = true;
    this.#notify(count);
  }

  ended(error: unknown): void {
    this.endedWith ??= error;
    this.#notify(0);
  }

  #notify(count: number): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.(count);
  }
}

const END = Promise.resolve(0);

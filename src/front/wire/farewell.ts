import type { Bytes } from "../../http1/bytes.ts";
import { FrameBoundary } from "./frame_boundary.ts";

/** 1001, which client libraries that reconnect by themselves take for a reason to (RFC 6455 section 7.4.1). */
const GOING_AWAY = new Uint8Array([0x03, 0xe9, ...new TextEncoder().encode("Going away")]);
const FINAL_CLOSE = 0x88;
const MASKED = 0x80;

/** Writes all bytes to one side of a tunnel. */
type Write = (bytes: Bytes) => Promise<void>;

/**
 * Ends a WebSocket that passes as bytes with a close frame of sluice's own to each side. The frame goes between two of
 * those that pass; what its receiver's peer sends behind it is dropped, since nothing may follow a close frame.
 */
export class Farewell {
  readonly toClient: WebSocketWay;
  readonly toTarget: WebSocketWay;
  readonly #begins: () => void;

  /** @param begins Is told when it begins: the sides have so long to end their connections. */
  constructor({ client, target, begins }: { readonly client: Write; readonly target: Write; begins(): void }) {
    this.toClient = new WebSocketWay(client, () => closeFrame(null));
    this.toTarget = new WebSocketWay(target, () => closeFrame(crypto.getRandomValues(new Uint8Array(4))));
    this.#begins = begins;
  }

  begin(): void {
    this.#begins();
    this.toClient.end();
    this.toTarget.end();
  }
}

/** A WebSocket's bytes on their way to one side. */
class WebSocketWay {
  readonly #write: Write;
  readonly #frame: () => Bytes;
  readonly #boundary = new FrameBoundary();
  #ends = false;
  #busy = false;
  /** The writing of the close frame; null before. It never rejects: that the side is gone shows elsewhere. */
  said: Promise<void> | null = null;

  constructor(write: Write, frame: () => Bytes) {
    this.#write = write;
    this.#frame = frame;
  }

  /** Passes bytes on, or drops them behind a close frame. */
  async pass(bytes: Bytes): Promise<void> {
    if (this.said !== null) return;
    this.#busy = true;
    await this.#write(bytes);
    this.#busy = false;
    this.#boundary.take(bytes);
    this.#say();
  }

  /** Writes the close frame as soon as it may. */
  end(): void {
    this.#ends = true;
    this.#say();
  }

  #say(): void {
    if (!this.#ends || this.#busy || this.said !== null || !this.#boundary.between || this.#boundary.closes) return;
    this.said = this.#write(this.#frame()).catch(() => {});
  }
}

/** A close frame; a client's is masked (RFC 6455 section 5.3), a server's is not. */
function closeFrame(mask: Bytes | null): Bytes {
  const head = mask === null ? [FINAL_CLOSE, GOING_AWAY.length] : [FINAL_CLOSE, MASKED | GOING_AWAY.length, ...mask];
  const payload = mask === null ? GOING_AWAY : GOING_AWAY.map((byte, at) => byte ^ mask[at % 4]!);
  return new Uint8Array([...head, ...payload]);
}

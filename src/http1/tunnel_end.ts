import type { Bytes } from "./bytes.ts";

/** A target's connection once both sides have switched protocols. */
export type TunnelEnd = ByteTunnel | MessageTunnel;

/** A connection that passes bytes both ways. */
export interface ByteTunnel {
  readonly kind: "bytes";
  /** What was read before the protocol was switched. */
  readonly early: Bytes;
  /** Reads bytes into `place`; null at the other side's end. */
  read(place: Bytes): Promise<number | null>;
  /** Writes all bytes. */
  write(bytes: Bytes): Promise<void>;
  /** Ends the sending side. */
  closeWrite(): Promise<void>;
  close(): void;
}

/** A connection that passes whole messages of WebSocket both ways. */
export interface MessageTunnel {
  readonly kind: "messages";
  /** Nothing is read from it yet. */
  readonly socket: MessageSocket;
  close(): void;
}

/** A WebSocket, as a tunnel uses it. The package `ws` makes such ones. */
export interface MessageSocket {
  readonly readyState: number;
  on(event: "message", listener: (data: Bytes, isBinary: boolean) => void): void;
  on(event: "close", listener: (code: number, reason: Uint8Array) => void): void;
  on(event: "ping" | "pong", listener: (data: Uint8Array) => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  send(data: string | Uint8Array, options: { binary: boolean }, sent: (error?: Error) => void): void;
  pong(data: Uint8Array, mask: boolean, sent: () => void): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  pause(): void;
  resume(): void;
}

import { EventEmitter } from "node:events";
import { Tunnel } from "../../src/front/websocket/upgrade_tunnel.ts";
import type { MessageSocket } from "../../src/http1/tunnel_end.ts";
import { ManualClock } from "./manual_clock.ts";

/** The target's socket of a tunnel, which writes nothing until it is told to. */
export class ScriptedTarget extends EventEmitter implements MessageSocket {
  readyState = 1;
  isPaused = true;
  /** Messages that it was handed, written or not. */
  handed = 0;
  pongs = 0;
  #unwritten: (() => void)[] = [];

  send(_data: string | Uint8Array, _options: { binary: boolean }, sent: () => void): void {
    this.handed++;
    this.#unwritten.push(sent);
  }
  pong(): void {
    this.pongs++;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  close(): void {
    this.terminate();
  }
  terminate(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    queueMicrotask(() => this.emit("close", 1006, new Uint8Array()));
  }
  /** Writes what it was handed. */
  write(): void {
    const unwritten = this.#unwritten;
    this.#unwritten = [];
    for (const sent of unwritten) sent();
  }
}

/** A listener that joins its only client to a scripted target; its clock stands still. */
export class ScriptedTunnel implements AsyncDisposable {
  readonly target = new ScriptedTarget();
  readonly clock = new ManualClock();
  readonly port: number;
  closed = false;
  #tunnel: Tunnel | null = null;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      this.#tunnel = new Tunnel(request, this.target, {
        idleTimeoutMs: 0,
        clientPingSeconds: 0,
        clock: this.clock,
        onClosed: () => this.closed = true,
      });
      return this.#tunnel.client.response;
    });
    this.port = this.#server.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tunnel?.cut();
    await this.#server.shutdown();
  }
}

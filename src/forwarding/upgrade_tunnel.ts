import type { CancelTimer, Clock } from "../time/clock.ts";
import { ClientLeg, type LegEnd } from "./upgrade_client.ts";
import { mayClose, NO_CODE } from "./upgrade_close.ts";
import type { TargetSocket } from "./upgrade_target.ts";

/** Who ended a tunnel. */
export type LeftFirst = "client" | "target" | "idle" | "shutdown";

/** How a tunnel ended. */
export interface TunnelOutcome {
  /** Payload bytes of the client's messages. */
  readonly requestBytes: number;
  /** Payload bytes of the target's messages. */
  readonly responseBytes: number;
  /** The close code of whoever left first; 1005 for a close frame without one, null for one who vanished or was cut. */
  readonly code: number | null;
  readonly leftFirst: LeftFirst;
}

export interface TunnelOptions {
  /** No message either way, and no ping or pong of the target, for this long ends the tunnel; 0 never. */
  readonly idleTimeoutMs: number;
  readonly clock: Clock;
  /** Called once, when both legs are over. */
  readonly onClosed: (outcome: TunnelOutcome) => void;
  /** Called with what was thrown where an event of a socket was handled: the tunnel is cut, and the thread goes on. */
  readonly onBroken?: (error: unknown) => void;
  /** Headers of the client's 101. */
  readonly told?: readonly (readonly [string, string])[];
  /** Seconds as in {@linkcode ClientLeg}. Default 120. */
  readonly clientPingSeconds?: number;
  /** False does without making a client wait (as where the platform has no way to), for tests. */
  readonly holdReading?: boolean;
  /** Most bytes held for a slow target where its client can't be made to wait. Default 16 MiB. */
  readonly maxHeldBytes?: number;
}

/** Above this many bytes waiting for one side, the other is not read; at or below `LOW_WATER` it is again. */
const HIGH_WATER = 1024 * 1024;
const LOW_WATER = 256 * 1024;
/** How long what is still on its way, and the closing handshakes, may take once one side has left. */
const LINGER_MS = 30_000;
/** How long a client may take to answer a close frame before its leg counts as over. */
const CLIENT_CLOSE_MS = 3_000;

/** Close codes of sluice's own (RFC 6455 section 7.4.1): 1001, going away; 1013, try again later. */
const GOING_AWAY = 1001;
const TRY_AGAIN_LATER = 1013;

/** Joins a client's WebSocket and a target's: messages, close codes and back-pressure, both ways. */
export class Tunnel {
  readonly client: ClientLeg;
  readonly #target: TargetSocket;
  readonly #options: TunnelOptions;
  #requestBytes = 0;
  #responseBytes = 0;
  /** Bytes handed to the target's socket and not yet written. */
  #held = 0;
  #clientOpen = false;
  #clientOver = false;
  #targetOver = false;
  #targetBroke = false;
  #left: { who: LeftFirst; code: number | null } | null = null;
  #whenWritten: (() => void) | null = null;
  /** The close frame that the client gets. */
  #farewell: { code: number; reason: string } | null = null;
  #lastByteMs: number;
  #cancelIdle: CancelTimer | null = null;
  readonly #cancelTimers: CancelTimer[] = [];
  #finished = false;

  constructor(request: Request, target: TargetSocket, options: TunnelOptions) {
    this.#target = target;
    this.#options = options;
    this.#lastByteMs = options.clock.monotonicMs();
    this.client = new ClientLeg(request, {
      opened: () => this.#clientOpened(),
      message: (data) => this.#fromClient(data),
      ended: (end) => this.#clientEnded(end),
      broken: (error) => this.#broke("client", error),
    }, {
      clock: options.clock,
      told: options.told ?? [],
      pingSeconds: options.clientPingSeconds ?? 120,
      holdReading: options.holdReading ?? true,
    });
    target.on("message", (data, isBinary) => this.#try("target", () => this.#fromTarget(data, isBinary)));
    target.on("ping", () => this.#touch());
    target.on("pong", () => this.#touch());
    target.on("error", () => this.#targetBroke = true);
    target.on("close", (code, reason) => this.#try("target", () => this.#targetEnded(code, TEXT.decode(reason))));
    if (options.idleTimeoutMs > 0) this.#watchIdle(options.idleTimeoutMs);
  }

  /** Ends both legs with a close frame (shutdown). */
  close(code: number, reason: string): void {
    this.#end("shutdown", code, reason);
  }

  /** Ends what is left at once, without waiting for anybody's close frame: the shutdown's patience is over. */
  cut(): void {
    if (this.#finished) return;
    if (this.#left === null) this.#leave("shutdown", null);
    else if (this.#left.who === "shutdown") this.#left = { who: "shutdown", code: null };
    this.client.waitNoLonger();
    this.#clientOver = this.#targetOver = true;
    this.#target.terminate();
    this.#finishIfOver();
  }

  /** Nothing that is thrown on the way may leave a socket's event: there it would end the process. */
  #try(who: "client" | "target", run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#broke(who, error);
    }
  }

  #broke(who: "client" | "target", error: unknown): void {
    this.#options.onBroken?.(error);
    if (this.#left === null) this.#leave(who, null);
    this.client.drop();
    this.#clientOver = this.#targetOver = true;
    this.#target.terminate();
    this.#finishIfOver();
  }

  #clientOpened(): void {
    this.#clientOpen = true;
    this.#touch();
    this.#target.resume();
    if (this.#farewell !== null) this.client.whenBuffered(0, () => this.#closeClient());
  }

  /** False where the target is too far behind to take more. */
  #fromClient(data: string | ArrayBuffer): boolean {
    this.#touch();
    if (this.#left !== null) return true;
    const binary = typeof data !== "string";
    const bytes = binary ? new Uint8Array(data) : UTF8.encode(data);
    const size = bytes.byteLength;
    this.#requestBytes += size;
    this.#held += size;
    this.#target.send(bytes, { binary }, () => this.#try("target", () => this.#written(size)));
    if (this.#held <= HIGH_WATER) return true;
    if (!this.client.canPause && this.#held > (this.#options.maxHeldBytes ?? 16 * HIGH_WATER)) {
      this.#end("target", TRY_AGAIN_LATER, "Target reads too slowly");
    }
    return false;
  }

  #written(size: number): void {
    this.#held -= size;
    if (this.#held <= LOW_WATER) this.client.resume();
    if (this.#held === 0) this.#whenWritten?.();
  }

  #fromTarget(data: Uint8Array<ArrayBuffer>, isBinary: boolean): void {
    this.#touch();
    // A client that never came can't be told; its target is read on for the close frame alone.
    if (this.#clientOver || !this.#clientOpen) return;
    this.#responseBytes += data.byteLength;
    this.client.send(isBinary ? data : TEXT.decode(data));
    if (this.client.buffered <= HIGH_WATER) return;
    this.#target.pause();
    this.client.whenBuffered(LOW_WATER, () => this.#target.resume());
  }

  #clientEnded({ code, reason }: LegEnd): void {
    this.#clientOver = true;
    if (this.#left === null) {
      this.#leave("client", code);
      // What the client said before it left still goes to the target.
      this.#whenWritten = () => {
        if (code === null) this.#closeTarget(GOING_AWAY, "Client went away");
        else this.#closeTarget(code, reason);
      };
      if (this.#held === 0) this.#whenWritten();
    }
    this.#finishIfOver();
  }

  #targetEnded(code: number, reason: string): void {
    this.#targetOver = true;
    if (this.#left === null) {
      // `ws` says 1006 of a socket that closed without a close frame, and gives a code of its own to a target that broke the protocol.
      const vanished = this.#targetBroke || !mayClose(code, reason);
      this.#leave("target", vanished ? null : code);
      if (!vanished) this.#farewell = { code, reason };
      else {this.#farewell = {
          code: GOING_AWAY,
          reason: this.#targetBroke ? "Target broke the protocol" : "Target went away",
        };}
      // What the target said before it left still goes to the client.
      this.client.whenBuffered(0, () => this.#closeClient());
    }
    this.#finishIfOver();
  }

  /** Ends both legs for a reason of sluice's own. */
  #end(who: LeftFirst, code: number, reason: string): void {
    if (this.#left !== null) return;
    this.#leave(who, code);
    this.#farewell = { code, reason };
    this.#closeClient();
    this.#closeTarget(code, reason);
  }

  #leave(who: LeftFirst, code: number | null): void {
    this.#left = { who, code };
    this.#cancelIdle?.();
    this.#cancelTimers.push(this.#options.clock.after(LINGER_MS, () => {
      this.#clientOver = true;
      this.#target.terminate();
      // Where the target was over already, nobody else comes by here.
      this.#finishIfOver();
    }));
  }

  #closeClient(): void {
    // Where the client is not there yet, #clientOpened comes back to this.
    if (!this.#clientOpen || this.#clientOver || this.#farewell === null) return;
    const { code, reason } = this.#farewell;
    this.client.close(code === NO_CODE ? null : code, reason);
    this.#cancelTimers.push(this.#options.clock.after(CLIENT_CLOSE_MS, () => {
      this.client.waitNoLonger();
      this.#clientOver = true;
      this.#finishIfOver();
    }));
  }

  #closeTarget(code: number, reason: string): void {
    // Its own close frame may stand behind messages that were not read yet.
    this.#target.resume();
    if (code === NO_CODE) this.#target.close();
    else this.#target.close(code, reason);
  }

  #finishIfOver(): void {
    if (this.#finished || !this.#clientOver || !this.#targetOver) return;
    this.#finished = true;
    this.#cancelIdle?.();
    for (const cancel of this.#cancelTimers) cancel();
    const { who, code } = this.#left!;
    this.#options.onClosed({
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
      code,
      leftFirst: who,
    });
  }

  #touch(): void {
    this.#lastByteMs = this.#options.clock.monotonicMs();
  }

  #watchIdle(limitMs: number): void {
    const restMs = this.#lastByteMs + limitMs - this.#options.clock.monotonicMs();
    if (restMs <= 0) this.#end("idle", GOING_AWAY, "Idle for too long");
    else this.#cancelIdle = this.#options.clock.after(restMs, () => this.#watchIdle(limitMs));
  }
}

const UTF8 = new TextEncoder();
/** A byte order mark is a character of the message like any other. */
const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });

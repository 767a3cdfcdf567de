import type { MessageSocket } from "../../http1/tunnel_end.ts";
import type { CancelTimer } from "../../time/clock.ts";
import { MESSAGE_COST } from "./message_cost.ts";
import { MessageTurns, TurnShare } from "./message_turns.ts";
import { ClientLeg, type LegEnd } from "./upgrade_client.ts";
import { mayClose, NO_CODE } from "./upgrade_close.ts";
import type { LeftFirst, TunnelOptions } from "./upgrade_tunnel_options.ts";

/**
 * If messages that wait for one side cost more than this (in bytes), the other side is not read, until they cost
 * `LOW_WATER` at most.
 */
const HIGH_WATER = 1024 * 1024;
const LOW_WATER = 256 * 1024;
/**
 * Most pongs that wait for a target to read them; beyond that, pings get no pong (allowed by RFC 6455 section 5.5.3).
 */
const MOST_PONGS = 16;
/**
 * How long a tunnel may take to end once one side has left: messages that are on their way, and the closing handshakes.
 */
const LINGER_MS = 30_000;
/** How long a client may take to answer a close frame before its leg counts as over. */
const CLIENT_CLOSE_MS = 3_000;

/** Close codes of sluice's own (RFC 6455 section 7.4.1): 1001, going away; 1013, try again later. */
const GOING_AWAY = 1001;
const TRY_AGAIN_LATER = 1013;

/** Connects a client's WebSocket with a target's: messages, close codes and back-pressure, both ways. */
export class Tunnel {
  readonly client: ClientLeg;
  readonly #target: MessageSocket;
  readonly #options: TunnelOptions;
  #requestBytes = 0;
  #responseBytes = 0;
  /** The cost of messages that the target's socket has not yet written, in bytes. */
  #held = 0;
  /** The target reads too slowly, so its client is not read. */
  #clientWaits = false;
  /** The client reads too slowly, so its target is not read. */
  #targetWaits = false;
  #pongs = 0;
  readonly #clientShare = new TurnShare(TURNS, () => this.#readClient());
  readonly #targetShare = new TurnShare(TURNS, () => this.#readTarget());
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

  constructor(request: Request, target: MessageSocket, options: TunnelOptions) {
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
    target.on("ping", (data) => this.#try("target", () => this.#answerPing(data)));
    target.on("pong", () => this.#touch());
    target.on("error", () => this.#targetBroke = true);
    target.on("close", (code, reason) => this.#try("target", () => this.#targetEnded(code, TEXT.decode(reason))));
    if (options.idleTimeoutMs > 0) this.#watchIdle(options.idleTimeoutMs);
  }

  /** Ends both legs with a close frame, at shutdown. */
  close(code: number, reason: string): void {
    this.#end("shutdown", code, reason);
  }

  /** Ends both legs at once, without waiting for close frames: SHUTDOWN_TIMEOUT is over. */
  cut(): void {
    if (this.#finished) return;
    if (this.#left === null) this.#leave("shutdown", null);
    else if (this.#left.who === "shutdown") this.#left = { who: "shutdown", code: null };
    this.client.drop();
    this.#clientOver = this.#targetOver = true;
    this.#target.terminate();
    this.#finishIfOver();
  }

  /** Catches what an event's handler throws: the platform would end the process. */
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
    this.#readTarget();
    if (this.#farewell !== null) this.client.whenWritten(() => this.#closeClient());
  }

  /** Returns false to read no further: the target reads too slowly, or this turn's share is spent. */
  #fromClient(data: string | ArrayBuffer): boolean {
    this.#touch();
    const goesOn = this.#clientShare.spend();
    if (this.#left !== null) return goesOn;
    const binary = typeof data !== "string";
    const bytes = binary ? new Uint8Array(data) : UTF8.encode(data);
    const cost = bytes.byteLength + MESSAGE_COST;
    this.#requestBytes += bytes.byteLength;
    this.#held += cost;
    this.#target.send(bytes, { binary }, () => this.#try("target", () => this.#written(cost)));
    if (this.#held <= HIGH_WATER) return goesOn;
    this.#clientWaits = true;
    if (!this.client.canPause && this.#held > (this.#options.maxHeldBytes ?? 16 * HIGH_WATER)) {
      this.#end("target", TRY_AGAIN_LATER, "Target reads too slowly");
    }
    return false;
  }

  #written(cost: number): void {
    this.#held -= cost;
    if (this.#clientWaits && this.#held <= LOW_WATER) {
      this.#clientWaits = false;
      this.#readClient();
    }
    if (this.#held === 0) this.#whenWritten?.();
  }

  /** Resumes reading the client, unless its turn is spent or its target is too slow. */
  #readClient(): void {
    if (!this.#clientShare.isSpent && !this.#clientWaits) this.client.resume();
  }

  #fromTarget(data: Uint8Array<ArrayBuffer>, isBinary: boolean): void {
    this.#touch();
    if (!this.#targetShare.spend()) this.#target.pause();
    // A client that never connected gets nothing; its target is read only for its close frame.
    if (this.#clientOver || !this.#clientOpen) return;
    this.#responseBytes += data.byteLength;
    this.client.send(isBinary ? data : TEXT.decode(data));
    if (this.#targetWaits || this.client.waitingCost <= HIGH_WATER) return;
    this.#targetWaits = true;
    this.#target.pause();
    this.client.whenBelow(LOW_WATER, () => {
      this.#targetWaits = false;
      this.#readTarget();
    });
  }

  /** Resumes reading the target, unless its turn is spent or its client is too slow. */
  #readTarget(): void {
    if (!this.#targetShare.isSpent && !this.#targetWaits) this.#target.resume();
  }

  /** Counts a target's ping as a message, and answers it if the target reads its pongs. */
  #answerPing(data: Uint8Array): void {
    this.#touch();
    if (!this.#targetShare.spend()) this.#target.pause();
    if (this.#pongs >= MOST_PONGS) return;
    this.#pongs++;
    this.#target.pong(data, true, () => this.#pongs--);
  }

  #clientEnded({ code, reason }: LegEnd): void {
    this.#clientOver = true;
    if (this.#left === null) {
      this.#leave("client", code);
      // The client's messages from before it left still go to the target.
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
      // `ws` reports 1006 if there was no close frame, and a code of its own if the target broke the protocol.
      const vanished = this.#targetBroke || !mayClose(code, reason);
      this.#leave("target", vanished ? null : code);
      if (!vanished) this.#farewell = { code, reason };
      else {this.#farewell = {
          code: GOING_AWAY,
          reason: this.#targetBroke ? "Target broke the protocol" : "Target went away",
        };}
      // The target's messages from before it left still go to the client.
      this.client.whenWritten(() => this.#closeClient());
    }
    this.#finishIfOver();
  }

  /** Ends both legs for one of sluice's own reasons. */
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
      // If the target's leg had ended before, nothing else would finish the tunnel.
      this.#finishIfOver();
    }));
  }

  #closeClient(): void {
    // If the client is not connected yet, #clientOpened calls this again.
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
    // The target's own close frame may come after messages that were not read yet.
    this.#targetWaits = false;
    this.#readTarget();
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

/** All tunnels of a thread share the turns of its event loop. */
const TURNS = new MessageTurns();
const UTF8 = new TextEncoder();
/** Keeps a byte order mark, which is a character of the message like any other. */
const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });

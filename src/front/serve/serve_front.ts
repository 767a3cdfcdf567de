import { Hono } from "hono";
import type { Clock } from "../../time/clock.ts";
import type { Deadlines } from "../../time/deadline.ts";
import type { RequestHandler } from "../front.ts";
import type { Tunnel } from "../websocket/upgrade_tunnel.ts";
import { type Origin, PLAIN } from "./origin.ts";
import type { BodyLimit } from "./serve_body.ts";
import { type ReplyOwner, ServeReply } from "./serve_reply.ts";
import { ServeRequest } from "./serve_request.ts";

/** Close code of tunnels that end because sluice does: going away (RFC 6455 section 7.4.1). */
const GOING_AWAY = 1001;

/** What a serve front works with. */
export interface ServeFrontParts {
  readonly handler: RequestHandler;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  limits(): { readonly bodyTimeoutMs: number; readonly streamIdleTimeoutMs: number };
}

/** A request on its way through Hono. */
interface Passage {
  readonly request: Request;
  readonly info: Deno.ServeHandlerInfo<Deno.NetAddr>;
  readonly origin: Origin;
}

/** Gives what `Deno.serve` receives to the chain, and the chain's responses back. */
export class ServeFront implements ReplyOwner {
  readonly clock: Clock;
  sendsAway = false;
  readonly #parts: ServeFrontParts;
  readonly #tunnels = new Set<Tunnel>();
  readonly #app: Hono<{ Bindings: Passage }>;
  readonly #bodyLimit: BodyLimit;
  #closing = false;

  /**
   * Makes the listener's application: one catch-all for every method and path. There is one route, so Hono need not cut
   * the path out of the URL: every request is said to be for `/`, which it looks up instead of running an expression
   * over it. And the request comes as its environment, which saves its own wrapper around it.
   */
  constructor(parts: ServeFrontParts) {
    this.#parts = parts;
    this.clock = parts.clock;
    this.#bodyLimit = {
      deadlines: parts.deadlines,
      get limitMs() {
        return parts.limits().bodyTimeoutMs;
      },
    };
    this.#app = new Hono<{ Bindings: Passage }>({ getPath: () => "/" });
    this.#app.all("/", (c) => this.#answer(c.env));
  }

  /**
   * Serves a request. HEAD goes around Hono, which makes a second response without a body of it, and with that
   * `Content-Length: 0` if the target gave no length.
   */
  fetch(
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.NetAddr>,
    origin: Origin = PLAIN,
  ): Response | Promise<Response> {
    const passage = { request, info, origin };
    return request.method === "HEAD" ? this.#answer(passage) : this.#app.fetch(request, passage);
  }

  /** Ends every tunnel with a close frame, and those that open from now on at once: sluice is going away. */
  closeTunnels(): void {
    this.#closing = true;
    for (const tunnel of this.#tunnels) tunnel.close(GOING_AWAY, "Going away");
  }

  idleTimeoutMs(): number {
    return this.#parts.limits().streamIdleTimeoutMs;
  }

  opened(tunnel: Tunnel): void {
    this.#tunnels.add(tunnel);
    if (this.#closing) tunnel.close(GOING_AWAY, "Going away");
  }

  closed(tunnel: Tunnel): void {
    this.#tunnels.delete(tunnel);
  }

  #answer({ request, info, origin }: Passage): Promise<Response> {
    const reply = new ServeReply(request, info, { owner: this, origin });
    const received = new ServeRequest(request, info.remoteAddr.hostname, this.#bodyLimit, origin);
    const response = reply.response(received.body);
    this.#parts.handler.handle(received, reply, reply);
    return response;
  }
}

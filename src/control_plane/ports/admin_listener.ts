import { createAdminApp } from "../../admin/app.ts";
import type { AdminSource } from "../../admin/admin_source.ts";
import type { AdminConfig } from "../../config/model.ts";
import { hostPort } from "../../state/group_snapshot.ts";
import type { Logger } from "../../logging/log.ts";
import type { Clock } from "../../time/clock.ts";
import { withTimeout } from "../../time/with_timeout.ts";
import { whyNotListening } from "../../dial/listen_error.ts";
import { KeptOpen } from "../../time/kept_open.ts";
import { urlFromHere, whereItListens } from "./listening_text.ts";
import { accepts, PortTaken } from "./listener_port.ts";

/** Longest wait for admin requests that are being answered when the process stops. */
const CLOSE_MS = 500;

/** What it works with. */
interface AdminParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** LISTENER_TAKEOVER: a port that was asked for may still be the predecessor's. */
  readonly takeover: boolean;
  /** The listener ended by itself; it is opened again. */
  onDown(error: string): void;
  /** It accepts again. */
  onUp(): void;
}

type Server = Deno.HttpServer<Deno.NetAddr>;

/** The admin listener: serves the admin application beside the control plane, and opens itself again when it ends. */
export class AdminListener {
  readonly #kept: KeptOpen<Server>;
  readonly #ended: AbortController;
  readonly #clock: Clock;
  readonly url: string;

  /** Opens it; a taken port is moved away from, unless it was asked for (then it throws {@linkcode PortTaken}). */
  static async open(source: AdminSource, config: AdminConfig, parts: AdminParts): Promise<AdminListener> {
    const { host, port, portWasAskedFor } = config;
    // SO_REUSEPORT is for the process that will take over; anybody else shall find the port taken.
    const shared = parts.takeover && portWasAskedFor;
    const taken = port !== 0 && !shared && await accepts(host, port, parts.clock);
    if (taken && portWasAskedFor) throw portTaken(config, "the port is taken");
    if (!taken) {
      try {
        return new AdminListener(source, config, { ...parts, port });
      } catch (error) {
        if (portWasAskedFor || !(error instanceof Deno.errors.AddrInUse)) {
          throw portTaken(config, whyNotListening(error));
        }
      }
    }
    parts.log.warn("admin_port_taken", `Port ${port} is taken, so the admin listener takes a free one`);
    return new AdminListener(source, config, { ...parts, port: 0 });
  }

  private constructor(source: AdminSource, config: AdminConfig, parts: AdminParts & { readonly port: number }) {
    const { log, clock } = parts;
    this.#clock = clock;
    this.#ended = new AbortController();
    const app = createAdminApp(source, config, { ...parts, signal: this.#ended.signal });
    let { port } = parts;
    this.#kept = new KeptOpen({
      clock,
      open: () => {
        const options = { hostname: config.host, port, reusePort: true, onListen: () => {} };
        const server = Deno.serve(options, (request) => app.fetch(request));
        port = server.addr.port;
        return server;
      },
      onDown: parts.onDown,
      onUp: parts.onUp,
    });
    this.url = urlFromHere(config.host, port);
    const address = hostPort(config.host, port);
    log.info("admin_listening", `Admin listener on ${whereItListens(config.host, port)}`, { url: this.url, address });
  }

  /** Closes it; open dashboards' streams are ended. */
  async close(): Promise<void> {
    this.#ended.abort();
    const closed = this.#kept.release()?.shutdown();
    using timeout = withTimeout(this.#clock, CLOSE_MS);
    await timeout.race(Promise.resolve(closed));
  }
}

function portTaken({ host, port }: AdminConfig, why: string): PortTaken {
  return new PortTaken(`Cannot listen on "${host}:${port}" (ADMIN_HOST, ADMIN_PORT): ${why}`);
}

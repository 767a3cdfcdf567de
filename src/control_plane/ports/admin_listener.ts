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

/** Longest wait for open admin requests when the process stops. */
const CLOSE_MS = 500;

/** What the admin listener needs. */
interface AdminParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** LISTENER_TAKEOVER: the process that this one replaces may still use the configured port. */
  readonly takeover: boolean;
  /** The listener failed; it is being reopened. */
  onDown(error: string): void;
  /** It accepts again. */
  onUp(): void;
}

type Server = Deno.HttpServer<Deno.NetAddr>;

/** Serves the admin application, and reopens its listener if it fails. */
export class AdminListener {
  readonly #kept: KeptOpen<Server>;
  readonly #ended: AbortController;
  readonly #clock: Clock;
  readonly url: string;

  /**
   * Opens it. If the default port is in use, it takes another; if a configured port is, it throws
   * {@linkcode PortTaken}.
   */
  static async open(source: AdminSource, config: AdminConfig, parts: AdminParts): Promise<AdminListener> {
    const { host, port, portWasAskedFor } = config;
    // SO_REUSEPORT lets a process that takes over share the port; for any other process the port must be in use.
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

  /** Closes it, and ends the streams of open dashboards. */
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

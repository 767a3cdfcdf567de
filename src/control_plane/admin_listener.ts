import { createAdminApp } from "../admin/app.ts";
import type { AdminSource } from "../admin/admin_source.ts";
import type { AdminConfig } from "../config/model.ts";
import { hostPort } from "../state/group_snapshot.ts";
import type { Logger } from "../logging/log.ts";
import type { Clock } from "../time/clock.ts";
import { PortTaken, whyNot } from "./listener_port.ts";

/** Longest wait for admin requests that are being answered when the process stops. */
const CLOSE_MS = 500;

/** What it works with. */
interface AdminParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** LISTENER_TAKEOVER: a port that was asked for may still be the predecessor's. */
  readonly takeover: boolean;
}

/** The admin listener: serves the admin application beside the control plane. */
export class AdminListener {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #ended: AbortController;
  readonly #clock: Clock;
  readonly url: string;

  /** Opens it; a taken port is moved away from, unless it was asked for ({@linkcode PortTaken}). */
  constructor(source: AdminSource, config: AdminConfig, parts: AdminParts) {
    this.#clock = parts.clock;
    this.#ended = new AbortController();
    const app = createAdminApp(source, config, { ...parts, signal: this.#ended.signal });
    this.#server = listen(config, (request) => app.fetch(request), parts);
    const { hostname, port } = this.#server.addr;
    this.url = `http://${hostPort(hostname === "0.0.0.0" || hostname === "::" ? "127.0.0.1" : hostname, port)}`;
    parts.log.info("admin_listening", `Admin listener at ${this.url}`, { url: this.url });
  }

  /** Closes it; open dashboards' streams are ended. */
  async close(): Promise<void> {
    this.#ended.abort();
    const closed = this.#server.shutdown();
    let cancelWait = () => {};
    const waited = new Promise<void>((resolve) => cancelWait = this.#clock.after(CLOSE_MS, resolve, true));
    await Promise.race([closed, waited]);
    cancelWait();
  }
}

function listen(
  config: AdminConfig,
  handler: (request: Request) => Response | Promise<Response>,
  { log, takeover }: AdminParts,
): Deno.HttpServer<Deno.NetAddr> {
  const hostname = config.host;
  const serve = (port: number) => Deno.serve({ hostname, port, reusePort: true, onListen: () => {} }, handler);
  try {
    // SO_REUSEPORT is for the process that will take over; anybody else shall find the port taken.
    if (!takeover || !config.portWasAskedFor) Deno.listen({ hostname, port: config.port }).close();
    return serve(config.port);
  } catch (error) {
    if (config.portWasAskedFor || !(error instanceof Deno.errors.AddrInUse)) {
      throw new PortTaken(
        `Cannot listen on "${config.host}:${config.port}" (ADMIN_HOST, ADMIN_PORT): ${whyNot(error)}`,
      );
    }
    log.warn("admin_port_taken", `Port ${config.port} is taken, so the admin listener takes a free one`);
    return serve(0);
  }
}

import type { ListenerConfig } from "../../config/model.ts";
import { hostPort } from "../../state/group_snapshot.ts";
import type { Clock } from "../../time/clock.ts";
import { claimListenerPort, type PortClaim, type PortTaken, portTaken } from "./listener_port.ts";
import { urlFromHere, whereItListens } from "./listening_text.ts";

type Addresses = Pick<ListenerConfig, "host" | "port" | "tls">;

/** What ports are claimed with. */
interface ClaimParts {
  readonly takeover: boolean;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The ports on which clients connect: plain, with TLS, or both. */
export class ListenerPorts {
  /** The ports that the listener really has, once they are claimed; 0 for none. */
  plain = 0;
  tls = 0;
  readonly #config: () => Addresses;
  #claims: PortClaim[] = [];

  /** @param config The configuration in effect; its addresses never change. */
  constructor(config: () => Addresses) {
    this.#config = config;
  }

  /** Claims the ports; none is opened. Throws `PortTaken`. */
  async claim({ takeover, ...parts }: ClaimParts): Promise<void> {
    const { host, port, tls } = this.#config();
    if (port !== null) {
      const claim = await claimListenerPort({ host, port, takeover }, parts);
      this.#claims.push(claim);
      this.plain = claim.port;
    }
    if (tls === null) return;
    const claim = await claimListenerPort({ host, port: tls.port, takeover }, {
      ...parts,
      variable: "LISTENER_TLS_PORT",
    });
    this.#claims.push(claim);
    this.tls = claim.port;
  }

  /** Lets others claim them: the listeners are open, or the start has failed. */
  release(): void {
    for (const claim of this.#claims) claim.release();
    this.#claims = [];
  }

  /** The URL that clients on this machine use. */
  get url(): string {
    const { host, port } = this.#config();
    return port === null ? this.tlsUrl! : urlFromHere(host, this.plain);
  }

  /** The same with TLS; null without it. */
  get tlsUrl(): string | null {
    const { host, tls } = this.#config();
    return tls === null ? null : urlFromHere(host, this.tls, "https");
  }

  /** Says where clients connect, and the same in fields of a log line. */
  told(): { readonly text: string; readonly fields: Record<string, unknown> } {
    const { host, port, tls } = this.#config();
    const plain = port === null ? [] : [whereItListens(host, this.plain)];
    const secure = tls === null ? [] : [whereItListens(host, this.tls, "https")];
    return {
      text: [...plain, ...secure].join(", and on "),
      fields: {
        url: this.url,
        address: hostPort(host, port === null ? this.tls : this.plain),
        ...(tls === null ? {} : { tlsUrl: this.tlsUrl }),
      },
    };
  }

  /** Makes the error of a worker that could not listen. */
  failure({ tls, error }: { readonly tls: boolean; readonly error: string }): PortTaken {
    const { host } = this.#config();
    const variable = tls ? "LISTENER_TLS_PORT" : "LISTENER_PORT";
    return portTaken({ host, port: tls ? this.tls : this.plain, variable }, error);
  }
}

import type { ListenerConfig, UpstreamReuse } from "../../config/model.ts";
import { ByteLines } from "../../http1/field_lines.ts";
import { Lending } from "../../http1/lending.ts";
import type { WorkerColumn } from "../../state/worker_column.ts";
import type { Clock } from "../../time/clock.ts";
import { TICK_MS } from "../../time/deadline.ts";
import { FetchTransport } from "../fetch/fetch_transport.ts";
import type { TargetSnapshot } from "../../state/group_snapshot.ts";
import type { Failure } from "../gateway_error.ts";
import type { Interim, TargetRequest, TargetResponse, Transport } from "../target_request.ts";
import { WirePool } from "./wire_pool.ts";
import { TargetExchange, type WireShared } from "./target_exchange.ts";

/** Speaks HTTP/1.1 to targets on sockets of sluice's own, with TLS to those of `https://`. */
class SocketTransport implements Transport {
  readonly #pool: WirePool;
  readonly #shared: WireShared;

  constructor(
    { clock, column, largeBytes, reuse }: {
      readonly clock: Clock;
      readonly column: WorkerColumn;
      readonly largeBytes: number | undefined;
      readonly reuse: UpstreamReuse;
    },
  ) {
    this.#pool = new WirePool(clock, column, largeBytes);
    this.#shared = {
      shareAll: reuse === "always",
      lines: new Lending(() => new ByteLines()),
      large: this.#pool.rooms.large,
      // When a delay is over the event loop turns once more: what came while it stood still is heard first.
      after(delayMs, run) {
        let cancel = clock.after(delayMs, () => cancel = clock.after(TICK_MS, run));
        return () => cancel();
      },
    };
  }

  send(request: TargetRequest, interim: Interim): Promise<TargetResponse | Failure> {
    return new TargetExchange(request, this.#pool.of(request.target), this.#shared).send(interim);
  }

  connectsFirst(): boolean {
    return true;
  }

  close(): void {
    this.#pool.close();
  }
}

/** Speaks to targets by `fetch`, but for upgrades, which `fetch` has no way to ask for. */
class FetchWithUpgrades implements Transport {
  readonly #fetch: Transport;
  readonly #sockets: Transport;

  constructor(fetch: Transport, sockets: Transport) {
    this.#fetch = fetch;
    this.#sockets = sockets;
  }

  send(request: TargetRequest, interim: Interim): Promise<TargetResponse | Failure> {
    return (request.upgrade === null ? this.#fetch : this.#sockets).send(request, interim);
  }

  connectsFirst(target: TargetSnapshot): boolean {
    return this.#fetch.connectsFirst(target);
  }

  close(): void {
    this.#fetch.close();
    this.#sockets.close();
  }
}

/** Makes the transport that UPSTREAM_TRANSPORT asks for. */
export function makeSocketTransport(
  { upstreamTransport, upstreamReuse }: Pick<ListenerConfig, "upstreamTransport" | "upstreamReuse">,
  { clock, column, largeBytes, unknownFailure }: {
    readonly clock: Clock;
    readonly column: WorkerColumn;
    /** Room for one large read of a body; 64 KiB by default. */
    readonly largeBytes?: number;
    /** Is told of unknown failures of `fetch`, of each kind once. */
    readonly unknownFailure?: (text: string) => void;
  },
): Transport {
  const sockets = new SocketTransport({ clock, column, largeBytes, reuse: upstreamReuse });
  return upstreamTransport === "fetch" ? new FetchWithUpgrades(new FetchTransport(unknownFailure), sockets) : sockets;
}

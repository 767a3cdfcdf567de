import type { Reply, ResponseHead } from "../../front/reply.ts";
import type { TargetResponse } from "../../forwarding/target_request.ts";
import type { Exchange } from "./exchange.ts";
import type { HeaderEdits } from "./header_edits.ts";
import type { OpenExchange } from "./open_exchange.ts";
import { cutBy, responseLines } from "./relay.ts";

/** If one side of a tunnel has ended, the tunnel ends when the other side is silent for this long, ms. */
const HALF_CLOSED_MS = 5_000;

/** What a tunnel is opened with. */
export interface TunnelParts {
  readonly exchange: Exchange;
  readonly open: OpenExchange;
  readonly reply: Reply;
  /** What the client asked for. */
  readonly upgrade: string;
  /** Changes of the response's headers; null for none. */
  readonly edits: HeaderEdits | null;
  readonly announce: ((head: ResponseHead) => void) | null;
  /** Reports what should never happen. */
  readonly failed: (error: unknown) => void;
}

/** Tells the client that the protocol is switched, and lasts until the tunnel has ended. Throws if it never began. */
export async function runTunnel(
  response: TargetResponse,
  { exchange, open, reply, upgrade, edits, announce, failed }: TunnelParts,
): Promise<void> {
  exchange.outcome.status = 101;
  const protocol = response.lines.get("upgrade") ?? upgrade;
  const own = responseLines(response, exchange, { locations: null, edits });
  const target = response.tunnel();
  let halfClosed = false;
  open.atWork = target.kind === "bytes" ? { abort: () => target.close() } : null;
  open.begin(reply);
  // WebSockets end with closing handshakes, which take their time: the engine watches their silence.
  if (target.kind === "messages") open.limitSilence(0);
  const head = { status: 101, phrase: response.phrase, lines: response.lines, own, bodyLength: 0 };
  announce?.(head);
  try {
    await reply.tunnel(head, protocol, target, {
      moved(to, bytes) {
        if (to === "target") exchange.outcome.requestBytes += bytes;
        else exchange.outcome.responseBytes += bytes;
        open.moved();
      },
      halfClosed() {
        halfClosed = true;
        open.limitSilence(HALF_CLOSED_MS);
      },
      broken(by) {
        // The side that is still open sent nothing: the tunnel ends.
        if (halfClosed && open.over?.reason === "timeout") return;
        exchange.outcome.cutBy ??= open.over === null ? by : cutBy(open);
      },
      failed,
    });
  } catch (error) {
    target.close();
    if (!reply.begun) throw error;
    exchange.outcome.cutBy ??= "client";
    reply.cut();
  }
}

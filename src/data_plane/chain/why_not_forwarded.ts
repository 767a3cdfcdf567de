import type { ListenerConfig } from "../../config/model.ts";
import { dropsBody } from "../../forwarding/fetch/fetch_body.ts";
import type { ReceivedRequest, Unfit } from "../../front/received_request.ts";
import type { Reason } from "../../state/reason.ts";

const BODY_DROPPED: Unfit = {
  reason: "bad_request",
  detail: "UPSTREAM_TRANSPORT=fetch sends no body with GET or HEAD",
};

/**
 * Looks for why a request is not forwarded although its path has a group; null if it is. The chain and `explain` both
 * call it.
 *
 * @param loop sluice's own `Via` is among its lines.
 */
export function whyNotForwarded(
  received: ReceivedRequest,
  loop: boolean,
  { maxBodyBytes, upstreamTransport }: Pick<ListenerConfig, "maxBodyBytes" | "upstreamTransport">,
): Reason | Unfit | null {
  if (loop) return "loop";
  const unfit = received.unfit();
  if (unfit !== null) return unfit;
  if (
    upstreamTransport === "fetch" && received.upgrade === null && received.bodyLength !== 0 &&
    dropsBody(received.method)
  ) return BODY_DROPPED;
  if (maxBodyBytes > 0 && received.bodyLength > maxBodyBytes) return "body_too_large";
  // A length that a number does not hold exactly could not be counted.
  return received.bodyLength === Infinity ? "bad_request" : null;
}

import type { ReceivedRequest, Unfit } from "../../front/received_request.ts";
import type { Reason } from "../../state/reason.ts";

/**
 * Looks for why a request is not forwarded although its path has a group; null if it is. The chain and `explain` both
 * call it.
 *
 * @param loop sluice's own `Via` is among its lines.
 * @param maxBodyBytes MAX_BODY_BYTES; 0 for no limit.
 */
export function whyNotForwarded(
  received: ReceivedRequest,
  loop: boolean,
  maxBodyBytes: number,
): Reason | Unfit | null {
  if (loop) return "loop";
  const unfit = received.unfit();
  if (unfit !== null) return unfit;
  if (maxBodyBytes > 0 && received.bodyLength > maxBodyBytes) return "body_too_large";
  // A length that a number does not hold exactly could not be counted.
  return received.bodyLength === Infinity ? "bad_request" : null;
}

import type { ListenerEngine } from "../../config/model.ts";
import type { ReceivedRequest } from "../../front/received_request.ts";
import { Kind } from "../../http1/field_kind.ts";

/**
 * Says what the listener's engine does with a request that goes to a target, if the other engine would do otherwise: a
 * line each.
 *
 * @param byFetch UPSTREAM_TRANSPORT=fetch sends it.
 */
export function engineNotes(engine: ListenerEngine, received: ReceivedRequest, byFetch: boolean): string[] {
  const { lines, method, bodyLength, upgrade } = received;
  const notes: string[] = [];
  if (lines.has(Kind.Expect)) {
    notes.push(
      engine === "wire" && !byFetch
        ? "Expect goes to the target, which answers 100 Continue or at once"
        : "sluice answers Expect with 100 Continue; the target sees no Expect",
    );
  }
  if (bodyLength !== 0 && !byFetch && (method === "GET" || method === "HEAD")) {
    notes.push(`The body goes with ${method} to the target`);
  }
  if (upgrade !== null) {
    notes.push(
      engine === "wire"
        ? `Upgrade to ${upgrade}: after the target's 101 bytes pass as they come`
        : "WebSocket: after the target's 101 sluice passes message by message, without extensions",
    );
  } else if (lines.has(Kind.Upgrade)) {
    notes.push("The offer of an upgrade is ignored; the request is served as HTTP/1.1");
  }
  return notes;
}

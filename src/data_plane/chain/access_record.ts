import type { Exchange, Outcome } from "./exchange.ts";
import { NO_CONNECT } from "../../forwarding/target_request.ts";
import type { AccessRecord } from "../../logging/access_line.ts";
import { hostPort } from "../../state/group_snapshot.ts";

/** What the access log says of a finished exchange. */
export function accessRecord(
  { received, routed, outcome }: Exchange,
  { endedMs, totalMicros }: { readonly endedMs: number; readonly totalMicros: number },
): AccessRecord {
  const { rule, group } = routed;
  const { target } = outcome;
  return {
    timeMs: endedMs,
    client: received.client,
    method: received.method,
    path: received.path + received.query,
    host: received.host,
    protocol: received.version,
    status: outcome.status,
    reason: outcome.reason,
    rule: rule === null ? null : rule.number,
    group: group === null ? null : group.name,
    target: target === null ? null : hostPort(target.address, target.port),
    attempts: outcome.attempts.length,
    connectMs: lastConnectMs(outcome),
    ttfbMs: outcome.ttfbMicros < 0 ? null : outcome.ttfbMicros / 1000,
    totalMs: totalMicros / 1000,
    requestBytes: outcome.requestBytes,
    responseBytes: outcome.responseBytes,
    cutBy: outcome.cutBy,
    detail: lastDetail(outcome),
    id: received.requestId,
  };
}

/** The connect time of the last attempt; null if it made no connection, or the time is not known. */
function lastConnectMs({ attempts }: Outcome): number | null {
  const micros = attempts.length === 0 ? NO_CONNECT : attempts[attempts.length - 1]!.connectMicros;
  return micros === NO_CONNECT ? null : micros / 1000;
}

/** Why the last attempt got no response; null if it got one. */
function lastDetail({ attempts }: Outcome): string | null {
  return attempts.length === 0 ? null : attempts[attempts.length - 1]!.detail;
}

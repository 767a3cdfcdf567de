import type { Exchange } from "./exchange.ts";
import { NO_CONNECT } from "../../forwarding/target_request.ts";
import type { AccessRecord } from "../../logging/access_line.ts";
import { hostPort } from "../../state/group_snapshot.ts";

/** What the access log says of a finished exchange. */
export function accessRecord(
  exchange: Exchange,
  { endedMs, totalMicros }: { readonly endedMs: number; readonly totalMicros: number },
): AccessRecord {
  const { rule, group } = exchange;
  return {
    timeMs: endedMs,
    client: exchange.client,
    method: exchange.method,
    path: exchange.path + exchange.query,
    host: exchange.host,
    status: exchange.status,
    reason: exchange.reason,
    rule: rule === null ? null : rule.number,
    group: group === null ? null : group.name,
    target: exchange.target === null ? null : hostPort(exchange.target.address, exchange.target.port),
    attempts: exchange.attempts.length,
    connectMs: lastConnectMs(exchange),
    ttfbMs: exchange.ttfbMicros < 0 ? null : exchange.ttfbMicros / 1000,
    totalMs: totalMicros / 1000,
    requestBytes: exchange.requestBytes,
    responseBytes: exchange.responseBytes,
    cutBy: exchange.cutBy,
    detail: lastDetail(exchange),
    id: exchange.requestId,
  };
}

/** Of the attempt that the exchange ended with; null where it made no connection, or nobody knows. */
function lastConnectMs({ attempts }: Exchange): number | null {
  const micros = attempts.length === 0 ? NO_CONNECT : attempts[attempts.length - 1]!.connectMicros;
  return micros === NO_CONNECT ? null : micros / 1000;
}

/** Why the attempt that the exchange ended with brought no answer. */
function lastDetail({ attempts }: Exchange): string | null {
  return attempts.length === 0 ? null : attempts[attempts.length - 1]!.detail;
}

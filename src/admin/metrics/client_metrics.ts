import { REQUESTS_BOUNDS } from "../../state/client_column.ts";
import type { ClientReading } from "../readings/client_reading.ts";
import type { SystemReading } from "../readings/system_reading.ts";
import type { FamilyRow, MetricFamily } from "./metric_family.ts";

/** Metrics of clients' connections, without samples if the engine is `serve`. */
export const CLIENT_METRICS: readonly FamilyRow<SystemReading>[] = [
  ofClients("gauge", "sluice_client_connections", "Open connections of clients.", (family, { active, idle }) => {
    family.add({ state: "active" }, active);
    family.add({ state: "idle" }, idle);
  }),
  ofClients(
    "counter",
    "sluice_client_connections_accepted_total",
    "Connections of clients that were accepted.",
    (family, { accepted }) => family.add({}, accepted),
  ),
  ofClients(
    "counter",
    "sluice_client_connections_closed_total",
    "Connections of clients that were closed, by cause.",
    (family, { closed }) => {
      for (const [cause, count] of Object.entries(closed)) family.add({ cause }, count);
    },
  ),
  ofClients(
    "histogram",
    "sluice_client_connection_requests",
    "Requests of a connection, counted when it was closed.",
    (family, { requests, closedRequests }) =>
      family.addHistogram({}, { bounds: REQUESTS_BOUNDS, buckets: requests, sum: closedRequests }),
  ),
  ofClients(
    "histogram",
    "sluice_client_head_seconds",
    "Time from the first byte of a request's head to its end; 0 if it came at once.",
    (family, { headTimes, headSumMicros }) => family.addLatency({}, headTimes, headSumMicros),
  ),
  ofClients(
    "counter",
    "sluice_client_head_bytes_total",
    "Bytes of request heads.",
    (family, { headBytes }) => family.add({}, headBytes),
  ),
  ofClients(
    "gauge",
    "sluice_tls_handshakes_pending",
    "TLS handshakes of clients that are under way, those that hang among them.",
    (family, { handshakes }) => family.add({}, handshakes.pending),
  ),
  ofClients(
    "counter",
    "sluice_tls_handshakes_total",
    "TLS handshakes of clients that ended: http1 and http2 by the protocol agreed on, failed, or timed_out.",
    (family, { handshakes }) => {
      const { http1, http2, failed, timedOut } = handshakes;
      for (const [result, count] of Object.entries({ http1, http2, failed, timed_out: timedOut })) {
        family.add({ result }, count);
      }
    },
  ),
  {
    type: "gauge",
    name: "sluice_certificate_expires_seconds",
    help: "Time until a certificate of the listener expires; negative once it has.",
    add(family, { view }) {
      for (const { names, source, notAfterMs } of view.tls?.certificates ?? []) {
        for (const name of names) family.add({ name, source }, Math.floor((notAfterMs - view.nowMs) / 1000));
      }
    },
  },
];

function ofClients(
  type: MetricFamily["type"],
  name: string,
  help: string,
  add: (family: MetricFamily, clients: ClientReading) => void,
): FamilyRow<SystemReading> {
  return { type, name, help, add: (family, { clients }) => clients === null ? undefined : add(family, clients) };
}

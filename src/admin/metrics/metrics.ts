import { Registry } from "prom-client";
import type { TargetTable } from "../../state/target_table.ts";
import type { SystemView } from "../../views/system_view.ts";
import { streamInTurns, textInTurns } from "../in_turns.ts";
import { SystemReader } from "../readings/system_reading.ts";
import { CLIENT_METRICS } from "./client_metrics.ts";
import { familiesOf, type MetricFamily, writeFamilies } from "./metric_family.ts";
import { PROCESS_METRICS } from "./process_metrics.ts";
import { REQUEST_METRICS } from "./request_metrics.ts";
import { SYSTEM_METRICS } from "./system_metrics.ts";
import { GROUP_METRICS, targetFamilies } from "./target_metrics.ts";

/** The content type of `/metrics`. */
export const METRICS_CONTENT_TYPE: string = Registry.PROMETHEUS_CONTENT_TYPE;

/** Writes every metric in Prometheus' text format. */
export async function metricsText(view: SystemView, table: TargetTable): Promise<string> {
  return await textInTurns(writeFamilies(allFamilies(view, table)));
}

/** Writes every metric piece by piece, with turns of the event loop between two pieces. */
export function metricsStream(view: SystemView, table: TargetTable): ReadableStream<Uint8Array> {
  return streamInTurns(writeFamilies(allFamilies(view, table)));
}

function* allFamilies(view: SystemView, table: TargetTable): Generator<MetricFamily | null, void, void> {
  const reading = yield* new SystemReader().read(view, table);
  yield* familiesOf(REQUEST_METRICS, reading);
  yield* familiesOf(CLIENT_METRICS, reading);
  yield* familiesOf(GROUP_METRICS, reading);
  yield* targetFamilies(reading);
  yield* familiesOf(SYSTEM_METRICS, reading);
  yield* familiesOf(PROCESS_METRICS, view);
}

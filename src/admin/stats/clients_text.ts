import { counted } from "../../logging/counted.ts";
import type { CloseCause } from "../../state/client_column.ts";
import type { ClientStats } from "./stats_model.ts";

/** Ends that need no attention. */
const ORDINARY: ReadonlySet<CloseCause> = new Set<CloseCause>(["client", "response", "shutdown"]);

/** Says in one line how clients' connections are, for `sluice status` and the dashboard. */
export function clientsText({ connections, requestsPerConnection, heads, closed }: ClientStats): string {
  const { active, idle } = connections;
  const open = active + idle;
  const parts = [`${counted(open, "connection")} of clients, ${idle} idle`];
  if (requestsPerConnection !== null) parts.push(`${counted(requestsPerConnection, "request")} each`);
  if (heads.time.p99Ms !== null) parts.push(`heads read within ${milliseconds(heads.time.p99Ms)} (p99)`);
  const told = Object.entries(closed).filter(([cause, count]) => count > 0 && !ORDINARY.has(cause as CloseCause));
  if (told.length > 0) parts.push(`closed by sluice: ${told.map(([cause, count]) => `${cause} ${count}`).join(", ")}`);
  return parts.join("; ");
}

function milliseconds(ms: number): string {
  return ms >= 100 ? `${Math.round(ms)} ms` : `${Math.max(0.1, ms).toFixed(1)} ms`;
}

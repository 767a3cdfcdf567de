import { type ProbedTarget, type ProbeReport, reachableButUnhealthy } from "./probe_targets.ts";
import { textTable } from "../logging/text_table.ts";

/** Puts what `check --probe` found into lines, one for each target and each name without addresses. */
export function probeText(report: ProbeReport): string {
  const { unresolved, targets } = report;
  const lines = textTable([
    ...unresolved.map(({ group, host, error }) => [group, host, `did not resolve: ${error}`]),
    ...targets.map((probed) => [probed.group, nameOf(probed), outcomeOf(probed)]),
  ], { indent: "  " });
  const off = [...new Set(targets.filter(({ checked }) => !checked).map(({ group }) => group))];
  if (off.length > 0) {
    lines.push(
      `  Health checks are off in ${off.join(", ")}: sluice sends requests to these targets whatever the probes found`,
    );
  }
  const odd = reachableButUnhealthy(report);
  if (odd.length > 0) {
    lines.push(
      `  Reachable but unhealthy: ${
        odd.map(({ target }) => target).join(", ")
      }; HEALTH_CHECK_PATH is what a probe requests, ` +
        "HEALTH_CHECK_MATCHER the statuses that count as healthy",
    );
  }
  return `Probes, one for each target:\n${lines.length === 0 ? "  no targets" : lines.join("\n")}`;
}

function nameOf({ target, host }: ProbedTarget): string {
  return target.startsWith(`${host}:`) || target.startsWith(`[${host}]:`) ? target : `${target} (${host})`;
}

function outcomeOf({ verdict, says, ms }: ProbedTarget): string {
  const time = ms === null ? "" : ` in ${ms.toFixed(1)} ms`;
  const words = { healthy: "healthy", unhealthy: "reachable but unhealthy", failed: "failed" }[verdict];
  return `${words}: ${says}${time}`;
}

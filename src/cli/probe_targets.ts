import { TargetTlsTexts } from "../control_plane/certificates/target_tls_texts.ts";
import type { Config, TargetGroupConfig } from "../config/model.ts";
import { lookup, type LookupResult, type ResolveRecord, systemResolve } from "../discovery/dns.ts";
import { expandEntries } from "../discovery/expand_entries.ts";
import { type Probe, probeTarget } from "../health/probe.ts";
import { describeProbe, type ProbeResult } from "../health/probe_result.ts";
import { hostPort } from "../state/group_snapshot.ts";
import type { Clock } from "../time/clock.ts";

/** Probes that run at the same time: each holds a socket, and containers often allow 1024 descriptors. */
const AT_ONCE = 64;

/** What one target answered to one probe. */
export interface ProbedTarget {
  readonly group: string;
  /** `address:port`. */
  readonly target: string;
  /** The configured host. */
  readonly host: string;
  /** `unhealthy`: it answered, but not with a status of the matcher. `failed`: there was no answer. */
  readonly verdict: "healthy" | "unhealthy" | "failed";
  /** `got 200`, `Target.ResponseCodeMismatch got 404`. */
  readonly says: string;
  /** Until the status line; null without one. */
  readonly ms: number | null;
  /** The group's checks are on, so that sluice would hold such results against the target. */
  readonly checked: boolean;
}

/** A name that has no addresses. */
export interface UnresolvedName {
  readonly group: string;
  readonly host: string;
  readonly error: string;
}

/** What `check --probe` found. */
export interface ProbeReport {
  readonly unresolved: readonly UnresolvedName[];
  readonly targets: readonly ProbedTarget[];
}

/** What probing needs; the program's own if only the clock is given. */
export interface ProbeParts {
  readonly clock: Clock;
  /** How sluice speaks TLS to `https://` targets. */
  readonly tls?: TargetTlsTexts;
  readonly resolve?: ResolveRecord;
  readonly probe?: Probe;
}

/** Resolves every name and probes every target once, by its group's health check settings, even if checks are off. */
export async function probeTargets(config: Config, parts: ProbeParts): Promise<ProbeReport> {
  const answers = await resolveAll(config, parts);
  const unresolved: UnresolvedName[] = [];
  const work: (() => Promise<ProbedTarget>)[] = [];
  for (const group of config.groups) {
    for (const host of new Set(group.entries.map((entry) => entry.host))) {
      const answer = answers.get(host)!;
      if (!answer.ok) unresolved.push({ group: group.name, host, error: answer.error });
    }
    const addressesOf = (host: string) => {
      const answer = answers.get(host)!;
      return answer.ok ? answer.addresses : null;
    };
    for (const found of expandEntries(group.entries, addressesOf).values()) {
      work.push(async () => {
        const { probe = probeTarget, clock, tls: targetTls = TargetTlsTexts.NONE } = parts;
        const signal = new AbortController().signal;
        const tls = found.scheme === "http" ? null : targetTls.of(group.name, found.host);
        const result = await probe({ slot: 0, ...found, tls }, { config: group.healthCheck, clock, signal });
        return probed(group, { target: hostPort(found.address, found.port), host: found.host }, result);
      });
    }
  }
  return { unresolved, targets: await someAtATime(work) };
}

/** Tells whether sluice could not serve as configured: a name without addresses, a target without a good answer. */
export function probeFailed({ unresolved, targets }: ProbeReport): boolean {
  return unresolved.length > 0 || targets.some(({ verdict, checked }) => {
    return verdict === "failed" || (verdict === "unhealthy" && checked);
  });
}

/** Targets that respond, but not as a healthy one would: worth a warning even without `--strict`. */
export function reachableButUnhealthy({ targets }: ProbeReport): readonly ProbedTarget[] {
  return targets.filter(({ verdict }) => verdict === "unhealthy");
}

async function resolveAll(config: Config, { clock, resolve = systemResolve }: ProbeParts) {
  const hosts = [...new Set(config.groups.flatMap((group) => group.entries.map((entry) => entry.host)))];
  const { signal } = new AbortController();
  const answers = await someAtATime(
    hosts.map((host) => async () => [host, await lookup(host, { dns: config.dns, resolve, clock, signal })] as const),
  );
  return new Map<string, LookupResult>(answers);
}

function probed(
  group: TargetGroupConfig,
  { target, host }: Pick<ProbedTarget, "target" | "host">,
  result: ProbeResult,
): ProbedTarget {
  return {
    group: group.name,
    target,
    host,
    verdict: result.kind === "success"
      ? "healthy"
      : result.kind === "failure" && result.status !== null
      ? "unhealthy"
      : "failed",
    says: describeProbe(result),
    ms: result.kind === "inconclusive" ? null : result.micros / 1000,
    checked: group.healthCheck.enabled,
  };
}

/** Does all work, a limited number at the same time; results in the order of the work. */
async function someAtATime<T>(work: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const run = async () => {
    while (next < work.length) {
      const index = next++;
      results[index] = await work[index]!();
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, work.length) }, run));
  return results;
}

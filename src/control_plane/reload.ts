import type { Setting } from "../admin/admin_source.ts";
import type { Config } from "../config/model.ts";

/** What a reload comes to. */
export interface ConfigChanges {
  /** The new configuration, but for what can't change while it runs. */
  readonly applied: Config;
  /** What changed beside groups and DNS, in words. */
  readonly changed: readonly string[];
  /** Variables whose change waits for the next start. */
  readonly needRestart: readonly string[];
}

/** Settings that hold sockets, threads or a transport, by their variable. */
const FIXED_LISTENER = {
  LISTENER_HOST: "host",
  LISTENER_PORT: "port",
  LISTENER_WORKERS: "workers",
  LISTENER_TAKEOVER: "takeover",
  UPSTREAM_TRANSPORT: "upstreamTransport",
  UPSTREAM_REUSE: "upstreamReuse",
} as const;

/** All that concerns the admin listener. */
const ADMIN = "ADMIN_*";

/** Finds what of a new configuration can be applied while the process runs, and what can't. */
export function describeConfigChanges(before: Config, after: Config): ConfigChanges {
  const needRestart: string[] = [];
  const kept: Record<string, unknown> = {};
  for (const [variable, key] of Object.entries(FIXED_LISTENER)) {
    if (differ(before.listener[key], after.listener[key])) needRestart.push(variable);
    kept[key] = before.listener[key];
  }
  if (differ(before.admin, after.admin)) needRestart.push(ADMIN);
  if (differ(before.logging.level, after.logging.level)) needRestart.push("LOG_LEVEL");
  if (differ(before.logging.format, after.logging.format)) needRestart.push("LOG_FORMAT");
  const applied: Config = {
    ...after,
    listener: { ...after.listener, ...kept },
    admin: before.admin,
    logging: { ...before.logging, accessLog: after.logging.accessLog },
  };
  return { applied, needRestart, changed: describeListener(before, applied) };
}

/** The effective values after a reload: those that wait for the next start are what they were. */
export function effectiveSettings(
  before: readonly Setting[],
  after: readonly Setting[],
  needRestart: readonly string[],
): Setting[] {
  const old = new Map(before.map((setting) => [setting.name, setting]));
  const waits = ({ name }: Setting) =>
    needRestart.includes(name) ||
    (needRestart.includes(ADMIN) && (name.startsWith("ADMIN_") || name === "METRICS_PUBLIC"));
  return after.map((setting) => waits(setting) ? old.get(setting.name) ?? setting : setting);
}

function describeListener(before: Config, after: Config): string[] {
  const changed: string[] = [];
  for (const key of Object.keys(after.listener) as (keyof Config["listener"])[]) {
    if (differ(before.listener[key], after.listener[key])) changed.push(`listener: ${key} changed`);
  }
  if (before.logging.accessLog !== after.logging.accessLog) changed.push("access log switched");
  const rules = (config: Config) => new Map(config.rules.map((rule) => [rule.pathPrefix, JSON.stringify(rule)]));
  const [old, now] = [rules(before), rules(after)];
  for (const [prefix, text] of now) {
    if (!old.has(prefix)) changed.push(`rule ${prefix} added`);
    else if (old.get(prefix) !== text) changed.push(`rule ${prefix} changed`);
  }
  for (const prefix of old.keys()) if (!now.has(prefix)) changed.push(`rule ${prefix} removed`);
  return changed;
}

function differ(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}

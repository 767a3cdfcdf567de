import type { Setting } from "../admin/admin_source.ts";
import type { Config } from "../config/model.ts";
import { changesOf, type SettingChange } from "./setting_changes.ts";

/** A configuration with the values that it came from. */
export interface ConfigWithSettings {
  readonly config: Config;
  readonly settings: readonly Setting[];
}

/** What a reload comes to. */
export interface ReloadPlan {
  /** The new configuration, but for what can't change while the process runs. */
  readonly applied: ConfigWithSettings;
  /** What changes now. */
  readonly changes: readonly SettingChange[];
  /** What changes at the next start. */
  readonly waiting: readonly SettingChange[];
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

/** Tells whether a change of a variable takes effect at the next start only. */
function needsRestart(variable: string): boolean {
  return variable in FIXED_LISTENER || /^(ADMIN_\w+|METRICS_PUBLIC|LOG_FORMAT)$/.test(variable);
}

/** Finds what of a new configuration can be applied while the process runs, and what can't. */
export function planReload(before: ConfigWithSettings, after: ConfigWithSettings): ReloadPlan {
  const kept = Object.fromEntries(Object.values(FIXED_LISTENER).map((key) => [key, before.config.listener[key]]));
  const config: Config = {
    ...after.config,
    listener: { ...after.config.listener, ...kept },
    admin: before.config.admin,
    logging: { ...after.config.logging, format: before.config.logging.format },
  };
  const old = new Map(before.settings.map((setting) => [setting.name, setting]));
  const settings = after.settings.map((setting) =>
    needsRestart(setting.name) ? old.get(setting.name) ?? setting : setting
  );
  const all = changesOf(before.settings, after.settings);
  return {
    applied: { config, settings },
    changes: all.filter(({ variable }) => !needsRestart(variable)),
    waiting: all.filter(({ variable }) => needsRestart(variable)),
  };
}

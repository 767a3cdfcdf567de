import type { Config } from "../config/model.ts";
import type { TlsConfig } from "../config/tls.ts";
import type { Setting } from "../config/setting.ts";
import { FRONT } from "../config/variables/front.ts";
import { LISTENER_FIELDS } from "../config/variables/listener.ts";
import { LOGGING } from "../config/variables/logging.ts";
import type { VariableTable } from "../config/variables/variable.ts";
import { needsRestart } from "../config/variables/variables.ts";
import { changesOf, type SettingChange } from "./setting_changes.ts";

/** A configuration with the values that it came from. */
export interface ConfigWithSettings {
  readonly config: Config;
  readonly settings: readonly Setting[];
}

/** What a reload does. */
export interface ReloadPlan {
  /** The new configuration, except for what can't change while the process runs. */
  readonly applied: ConfigWithSettings;
  /** What changes now. */
  readonly changes: readonly SettingChange[];
  /** What changes at the next start. */
  readonly waiting: readonly SettingChange[];
}

/** Separates what can change while the process runs from what needs a restart, as the variables' definitions say. */
export function planReload(before: ConfigWithSettings, after: ConfigWithSettings): ReloadPlan {
  const [was, is] = [before.config, after.config];
  const config: Config = {
    ...is,
    listener: {
      ...keepFixed(LISTENER_FIELDS, was.listener, is.listener),
      // All of its variables need a restart.
      acme: was.listener.acme,
      tls: keepTlsPort(was.listener.tls, is.listener.tls),
      front: keepFixed(FRONT, was.listener.front, is.listener.front),
    },
    // All of its variables need a restart.
    admin: was.admin,
    logging: keepFixed(LOGGING, was.logging, is.logging),
  };
  const old = new Map(before.settings.map((setting) => [setting.variable, setting]));
  const settings = after.settings.map((setting) =>
    needsRestart(setting.variable) ? old.get(setting.variable) ?? setting : setting
  );
  const all = changesOf(before.settings, after.settings);
  return {
    applied: { config, settings },
    changes: all.filter(({ variable }) => !needsRestart(variable)),
    waiting: all.filter(({ variable }) => needsRestart(variable)),
  };
}

/** TLS stays on or off as it was, on the same port, with or without HTTP/2, until a restart. */
function keepTlsPort(was: TlsConfig | null, is: TlsConfig | null): TlsConfig | null {
  return was === null || is === null ? was : { ...is, port: was.port, http2: was.http2 };
}

/** Takes the new values, but keeps the old ones of variables that need a restart. */
function keepFixed<T extends object>(table: VariableTable, was: T, is: T): T {
  const fixed = Object.keys(table).filter((field) => table[field]!.restart === true);
  return { ...is, ...Object.fromEntries(fixed.map((field) => [field, was[field as keyof T]])) };
}

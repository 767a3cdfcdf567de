import type { Setting } from "./imported.ts";

/** What a setting is said to need if it can't be in effect: no variable has this name. */
const CERTIFICATE = "LISTENER_TLS_CERT and LISTENER_TLS_KEY, which no file here names";
const NO_TLS = "a port without TLS";

/** The settings of the listener with what TLS asks of the others: the engine, a certificate, no PROXY protocol. */
export function listenerSettings(settings: readonly Setting[], isKnown: (name: string) => boolean): readonly Setting[] {
  const has = (name: string) => settings.some((each) => each.name === name && isKnown(name));
  const port = settings.find((each) => each.name === "LISTENER_TLS_PORT");
  if (port === undefined || !isKnown(port.name)) return settings;
  const certified = has("LISTENER_TLS_CERT") || has("ACME_ENABLE");
  if (!certified) {
    const held = settings.map((each) =>
      each === port || each.needs === port.name ? { ...each, needs: CERTIFICATE } : each
    );
    // The engine may be asked for by something else.
    return held;
  }
  const fitting = settings.map((each) => each.name === "LISTENER_PROXY_PROTOCOL" ? { ...each, needs: NO_TLS } : each);
  if (has("LISTENER_ENGINE")) return fitting;
  return [...fitting, { name: "LISTENER_ENGINE", value: "wire", from: [...port.from] }];
}

import type { ImportedRule, Origin, Setting } from "./imported.ts";
import { hasWildcard } from "./patterns.ts";

/** What a setting is said to need if it can't be in effect: no variable has these names. */
const CERTIFICATE = "LISTENER_TLS_CERT and LISTENER_TLS_KEY, or ACME";
const CONSENT = "ACME_TERMS_AGREED=true, which only you can say";
const NO_TLS = "a port without TLS";

/** The settings of the listener with what TLS asks of the others: a certificate, no PROXY protocol. */
export function listenerSettings(
  settings: readonly Setting[],
  rules: readonly ImportedRule[],
  isKnown: (name: string) => boolean,
): readonly Setting[] {
  const all = [...settings, ...domains(settings, rules)].map((each) =>
    each.name.startsWith("ACME_") && isKnown(each.name) ? { ...each, needs: CONSENT } : each
  );
  const has = (name: string) => all.some((each) => each.name === name && isKnown(name));
  const port = all.find((each) => each.name === "LISTENER_TLS_PORT");
  if (port === undefined || !isKnown(port.name)) return all;
  if (!has("LISTENER_TLS_CERT")) {
    return all.map((each) => each === port || each.needs === port.name ? { ...each, needs: CERTIFICATE } : each);
  }
  return all.map((each) => each.name === "LISTENER_PROXY_PROTOCOL" ? { ...each, needs: NO_TLS } : each);
}

/** The names that certificates are ordered for: the exact hosts of the rules. */
function domains(settings: readonly Setting[], rules: readonly ImportedRule[]): Setting[] {
  if (!settings.some((each) => each.name === "ACME_ENABLE")) return [];
  const origins = new Map<string, Origin>();
  for (const { value, from } of rules.flatMap((rule) => rule.conditions.hosts)) {
    if (!hasWildcard(value) && !origins.has(value)) origins.set(value, from);
  }
  if (origins.size === 0) return [];
  return [{ name: "ACME_DOMAINS", value: [...origins.keys()].join(","), from: [...origins.values()] }];
}

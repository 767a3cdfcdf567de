import type { Config } from "../config/model.ts";

/**
 * Says what most web applications want and this configuration lacks; null if nothing is missing. By default a target
 * sees its own address as Host, so applications that build links and redirects, compare Origin with Host, or verify a
 * signed Host go wrong.
 */
export function adviceForApplications({ listener, groups }: Pick<Config, "listener" | "groups">): string | null {
  if (groups.length === 0) return null;
  const missing = [
    ...(groups.every((group) => group.preserveHost) ? [] : ["PRESERVE_HOST=true"]),
    ...(listener.headerConvention ? [] : ["HEADER_CONVENTION_ENABLE=true"]),
  ];
  if (missing.length === 0) return null;
  const proxies = listener.trustedProxies === null
    ? ", and TRUSTED_PROXIES=<its address> if another proxy in front of sluice ends TLS"
    : "";
  return "If targets are web applications that build links or redirects, check Origin or CSRF tokens, or verify " +
    `signatures, set ${missing.join(" ")}${proxies}`;
}

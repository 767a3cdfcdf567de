import { createHash, timingSafeEqual } from "node:crypto";
import ipaddr from "ipaddr.js";

/**
 * Who may use the admin listener. It listens on loopback by default, where every page in the operator's browser can
 * reach it too. The Host check stops names that resolve to it (DNS rebinding), the Origin check stops scripts and forms
 * of other pages, the token stops everyone else.
 */

/** A header value that names a host and maybe a port; anything else (`a/evil`, user info, spaces) is no Host. */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?$/;

/**
 * Tells whether a request's Host is an address, `localhost` or one of `names`: not a name that an attacker's DNS
 * serves.
 */
export function isAllowedHost(host: string | null, names: readonly string[]): boolean {
  const name = hostName(host);
  if (name === null) return false;
  if (name.startsWith("[")) return ipaddr.IPv6.isValid(name.slice(1, -1));
  if (ipaddr.IPv4.isValidFourPartDecimal(name)) return true;
  return name === "localhost" || names.some((allowed) => allowed.toLowerCase() === name);
}

/**
 * Tells whether a request's Origin is the listener's own page, or absent (no browser, or a plain navigation). The
 * scheme may differ: a proxy in front may add TLS. `null` (a sandbox, a file) is another origin.
 */
export function isAllowedOrigin(origin: string | null, host: string | null): boolean {
  if (origin === null) return true;
  const match = /^(https?):\/\/(.+)$/.exec(origin.toLowerCase());
  if (match === null || host === null) return false;
  const defaultPort = match[1] === "https" ? ":443" : ":80";
  return withPort(match[2]!, defaultPort) === withPort(host.toLowerCase(), defaultPort);
}

/** Makes the check of an `Authorization` header. How long it takes tells nothing of the token. */
export function tokenCheck(token: string | null): (authorization: string | null) => boolean {
  if (token === null) return () => true;
  const wanted = sha256(token);
  return (authorization) => {
    const match = /^bearer +(\S.*)$/i.exec(authorization ?? "");
    // Hashes have one length, so that comparing does not tell the token's length.
    return match !== null && timingSafeEqual(sha256(match[1]!.trimEnd()), wanted);
  };
}

/** Headers of every answer of the admin listener. `scriptHash` and `styleHash` are those of the dashboard's page. */
export function securityHeaders(scriptHash: string, styleHash: string): Readonly<Record<string, string>> {
  return {
    "Cache-Control": "no-store",
    "Content-Security-Policy": [
      "default-src 'none'",
      `script-src '${scriptHash}'`,
      `style-src '${styleHash}'`,
      "connect-src 'self'",
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ].join("; "),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
  };
}

function hostName(host: string | null): string | null {
  return HOST.exec((host ?? "").toLowerCase())?.[1]?.replace(/\.$/, "") ?? null;
}

function withPort(authority: string, defaultPort: string): string {
  return /:[0-9]+$/.test(authority) ? authority : authority + defaultPort;
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

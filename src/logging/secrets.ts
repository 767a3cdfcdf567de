/** Stands for a secret, whatever its length. */
export const MASK = "***";

/**
 * Parts of a name that say its value lets its bearer in somewhere; `auth` stands in `author`, which is no such name.
 */
const SECRET_PARTS =
  /auth(?!or)|authori[sz]|token|secret|passw|credential|cookie|sess(ion|id)|signature|api[-_]?key|jwt|[cx]srf/i;
/** Such parts, if they are words of their own: `sig`, not `design`. */
const SECRET_WORDS = /(^|[^a-z0-9])(key|pass|pwd|sig|sid|code|otp|pin)([^a-z0-9]|$)/i;

/**
 * What looks like a secret wherever it stands: what follows a scheme of authentication, JSON Web Tokens, known
 * prefixes.
 */
const AFTER_SCHEME = /\b(bearer|basic|negotiate|ntlm)([\s,.=:]+)[^\s,;]+/gi;
const TOKENS = /\b(?:eyJ|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|[sr]k_(?:live|test)_|AKIA)[\w-]{8,}(?:\.[\w-]*)*/g;
const USER_INFO = /:\/\/[^/@\s]*@/g;
const PARAMETER = /(^|[?&;#])([^=&?;#\s]+)=([^&;#\s"',]+)/g;

/** Tells whether a header, cookie or parameter of this name is likely to hold a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_PARTS.test(name) || SECRET_WORDS.test(name);
}

/**
 * Masks what looks like a secret within a text that came over the wire: parameters by their names, user names in URLs,
 * tokens. For logs of single requests; it costs microseconds.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * equal(withoutSecrets("/cb?code=s3cret&page=2"), "/cb?code=***&page=2");
 * ```
 */
export function withoutSecrets(text: string): string {
  return text
    .replace(USER_INFO, `://${MASK}@`)
    .replace(
      PARAMETER,
      (whole, before: string, name: string) => isSecretName(name) ? `${before}${name}=${MASK}` : whole,
    )
    .replace(AFTER_SCHEME, `$1$2${MASK}`)
    .replace(TOKENS, MASK);
}

/** Headers as a log may show them. */
export function shownHeaders(headers: Iterable<readonly [string, string]>): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of headers) shown[name] = isSecretName(name) ? MASK : withoutSecrets(value);
  return shown;
}

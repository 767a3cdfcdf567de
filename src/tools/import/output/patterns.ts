/**
 * Patterns as sluice has them: `*` any characters, `?` one, and `\` before `*`, `?`, `|`, `&` or `\` takes it as it is.
 */

/** Writes a text as the pattern that fits it alone. */
export function literal(text: string): string {
  return text.replace(/[*?|&\\]/g, "\\$&");
}

/** Tells whether a pattern fits more than one text. */
export function hasWildcard(pattern: string): boolean {
  return /[*?]/.test(pattern.replace(/\\./gs, ""));
}

/** The text with which everything begins that the pattern fits. */
export function literalStart(pattern: string): string {
  const [start = ""] = /^(?:[^\\*?]|\\.)*/s.exec(pattern)!;
  return start.replace(/\\(.)/gs, "$1");
}

/** Tells whether a pattern fits a text. */
export function patternFits(pattern: string, text: string): boolean {
  const parts = pattern.replace(/\\(.)|([*?])|([^\\*?])/gs, (_, escaped, wildcard, plain) => {
    if (wildcard !== undefined) return wildcard === "*" ? ".*" : ".";
    return (escaped ?? plain).replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  });
  return new RegExp(`^${parts}$`, "s").test(text);
}

/** Tells whether a host may fit both lists; a list without entries fits every host. True if in doubt. */
export function hostsMayMeet(one: readonly string[], other: readonly string[]): boolean {
  if (one.length === 0 || other.length === 0) return true;
  return one.some((a) => other.some((b) => hostPairMayMeet(a.toLowerCase(), b.toLowerCase())));
}

function hostPairMayMeet(one: string, other: string): boolean {
  if (!hasWildcard(one)) return patternFits(other, literalStart(one));
  if (!hasWildcard(other)) return patternFits(one, literalStart(other));
  const [a, b] = [one, other].map((pattern) => /[^*?]*$/.exec(pattern)![0]);
  return a!.endsWith(b!) || b!.endsWith(a!);
}

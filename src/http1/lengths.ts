/**
 * Reads a Content-Length (RFC 9110 section 8.6): digits alone. Leading zeros of any number are valid, for the value counts.
 * Returns NaN for what is no numeral (a sign, a list, nothing), and Infinity for a numeral beyond 2^53 - 1, which a number does
 * not hold exactly.
 */
export function parseLength(text: string): number {
  let value = text.length === 0 ? NaN : 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value > Number.MAX_SAFE_INTEGER ? Infinity : value;
}

/** Writes a Content-Length in its shortest form, which no reader can take for an octal number. */
export function shortestLength(text: string): string {
  let zeros = 0;
  while (zeros < text.length - 1 && text.charCodeAt(zeros) === 48) zeros++;
  return zeros === 0 ? text : text.slice(zeros);
}

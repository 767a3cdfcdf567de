/** Bytes of a token (RFC 9110 section 5.6.2): names of headers, methods, options. */
const IN_TOKEN = new Uint8Array(256);
/** Bytes of a field value and of a reason phrase (RFC 9110 section 5.5): no control character but tab. */
const IN_VALUE = new Uint8Array(256).fill(1, 32);

for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  IN_TOKEN[char.charCodeAt(0)] = 1;
}
IN_VALUE[9] = 1;
IN_VALUE[127] = 0;

/** Tells whether a byte may stand in a token, such as a header's name. */
export function isTokenByte(byte: number): boolean {
  return IN_TOKEN[byte] === 1;
}

/** Tells whether a byte may stand in a header's value. */
export function isValueByte(byte: number): boolean {
  return IN_VALUE[byte] === 1;
}

/**
 * Tells whether text is a token.
 *
 * ```ts
 * import { isToken } from "./tokens.ts";
 * console.assert(isToken("X-Request-Id") && !isToken("X Request") && !isToken(""));
 * ```
 */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (IN_TOKEN[text.charCodeAt(i)] !== 1) return false;
  return text.length > 0;
}

/** Tells whether text, a character for each byte, can be a header's value. */
export function isFieldValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (IN_VALUE[text.charCodeAt(i)] !== 1) return false;
  return true;
}

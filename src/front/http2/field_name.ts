import { isTokenByte } from "../../http1/tokens.ts";

/** 1 for a character of a field's name in HTTP/2: those of a token, but no capital (RFC 9113 section 8.2.1). */
const IN_NAME = new Uint8Array(256);
for (let code = 0; code < 256; code++) if (isTokenByte(code) && (code < 65 || code > 90)) IN_NAME[code] = 1;

/** Tells whether text can be the name of a field. */
export function isFieldName(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (IN_NAME[text.charCodeAt(i)] !== 1) return false;
  return text.length > 0;
}

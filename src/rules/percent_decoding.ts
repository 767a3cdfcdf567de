const PERCENT = 0x25;

/**
 * Decodes percent-encoded UTF-8. What is no UTF-8 stays as it is. The platform's decoder throws then: for one URL a
 * client could have it throw thirty thousand times, which takes half a second.
 */
export function percentDecoded(text: string): string {
  let decoded = "";
  /** Where that begins which was looked at, and not taken over yet. */
  let from = 0;
  for (let at = text.indexOf("%"); at >= 0; at = text.indexOf("%", at)) {
    const code = codePointAt(text, at);
    if (code < 0) {
      at++;
      continue;
    }
    decoded += text.slice(from, at) + String.fromCodePoint(code);
    from = at += 3 * lengthOf(code);
  }
  return from === 0 ? text : decoded + text.slice(from);
}

/** The character that is encoded at `at`; -1 if none is (RFC 3629 section 4). */
function codePointAt(text: string, at: number): number {
  const first = encodedByte(text, at);
  if (first < 0x80) return first;
  if (first < 0xc2 || first > 0xf4) return -1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  let code = first & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const byte = encodedByte(text, at + 3 * i);
    if ((byte & ~0x3f) !== 0x80) return -1;
    code = (code << 6) | (byte & 0x3f);
  }
  // Longer than it needs to be, or half of a pair, or beyond Unicode.
  return lengthOf(code) !== length || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff ? -1 : code;
}

/** How many bytes a character has. */
function lengthOf(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

/** The byte that a `%` and two digits at `at` stand for; -1 if there are none. */
function encodedByte(text: string, at: number): number {
  if (text.charCodeAt(at) !== PERCENT) return -1;
  const high = hexDigit(text.charCodeAt(at + 1));
  const low = hexDigit(text.charCodeAt(at + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/** NaN, behind the text's end, is no digit. */
function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

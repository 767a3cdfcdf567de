const PERCENT = 0x25;

/** Decodes percent-encoded UTF-8. What is no UTF-8 stays as it is. */
export function percentDecoded(text: string): string {
  let at = text.indexOf("%");
  if (at < 0) return text;
  let decoded = text.slice(0, at);
  while (at < text.length) {
    if (text.charCodeAt(at) !== PERCENT) {
      const next = text.indexOf("%", at);
      decoded += next < 0 ? text.slice(at) : text.slice(at, next);
      at = next < 0 ? text.length : next;
      continue;
    }
    const length = 3 * sequenceLength(Number.parseInt(text.slice(at + 1, at + 3), 16));
    const encoded = text.slice(at, at + length);
    const character = decodeOne(encoded);
    decoded += character ?? "%";
    at += character === null ? 1 : length;
  }
  return decoded;
}

/** How many bytes a character has by its first byte (RFC 3629 section 3). */
function sequenceLength(byte: number): number {
  if (byte >= 0xf0) return 4;
  if (byte >= 0xe0) return 3;
  return byte >= 0xc0 ? 2 : 1;
}

function decodeOne(encoded: string): string | null {
  try {
    const character = decodeURIComponent(encoded);
    return character === encoded ? null : character;
  } catch {
    return null;
  }
}

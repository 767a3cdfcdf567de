const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const SPACE = 0x20;
const TAB = 0x09;
const QUOTE = 0x22;

/**
 * Finds where the value of the next cookie called `name` begins in a Cookie header, from index `from` on; -1 if there
 * is none. Neither splits the header nor makes a string. Names are case-sensitive (RFC 6265, section 5.4).
 */
export function nextCookie(header: string, name: string, from: number): number {
  for (let at = header.indexOf(name, from); at !== -1; at = header.indexOf(name, at + 1)) {
    const end = at + name.length;
    if (header.charCodeAt(end) === EQUALS && beginsPair(header, at)) return end + 1;
  }
  return -1;
}

/** The value that begins at `start`, without quotes or spaces around it. */
export function cookieValue(header: string, start: number): string {
  let end = header.indexOf(";", start);
  if (end === -1) end = header.length;
  while (end > start && isBlank(header.charCodeAt(end - 1))) end--;
  const quoted = end - start >= 2 && header.charCodeAt(start) === QUOTE && header.charCodeAt(end - 1) === QUOTE;
  return quoted ? header.slice(start + 1, end - 1) : header.slice(start, end);
}

/** Tells whether a Set-Cookie value sets a cookie of this name. */
export function setsCookie(value: string, name: string): boolean {
  if (!value.startsWith(name)) return false;
  let at = name.length;
  while (isBlank(value.charCodeAt(at))) at++;
  return value.charCodeAt(at) === EQUALS;
}

/** Tells whether a cookie pair begins at `at`: at the header's start or behind a `;`, blanks aside. */
function beginsPair(header: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && isBlank(header.charCodeAt(before))) before--;
  return before < 0 || header.charCodeAt(before) === SEMICOLON;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

const COLON = 0x3a;
const DOT = 0x2e;
const BRACKET = 0x5b;

/** Brings the host of a request to the form in which rules compare hosts: lower case, without port and final dot. */
export function bareHost(host: string): string {
  let end = host.length;
  let capital = false;
  for (let at = 0; at < end; at++) {
    const code = host.charCodeAt(at);
    if (code === BRACKET) {
      const close = host.indexOf("]", at);
      return close < 0 ? host.toLowerCase() : host.slice(0, close + 1).toLowerCase();
    }
    if (code === COLON) end = at;
    else if (code >= 0x41 && code <= 0x5a) capital = true;
  }
  if (end > 1 && host.charCodeAt(end - 1) === DOT) end--;
  const bare = end === host.length ? host : host.slice(0, end);
  return capital ? bare.toLowerCase() : bare;
}

/**
 * Schemes that authenticate a connection rather than a request: what is sent on it afterwards counts as of the same
 * user (RFC 4559 section 6).
 */
const OF_CONNECTION = /(?:^|,)[ \t]*(?:ntlm|negotiate)(?:[ \t,]|$)/i;

/**
 * Tells whether credentials (`Authorization`) or challenges (`WWW-Authenticate`) are of a scheme that binds a
 * connection to one user. A realm that reads like a list of schemes is taken for one: that costs a connection, and
 * nothing else.
 */
export function bindsConnection(value: string): boolean {
  return OF_CONNECTION.test(value);
}

/**
 * What a close frame may say. The listener's WebSocket accepts from a client what RFC 6455 forbids, and `ws` throws
 * when it is to send that to a target: so close frames are checked here before they are passed on.
 */

/** A control frame holds 125 bytes (RFC 6455 section 5.5), and the code takes two of them. */
const MAX_REASON_BYTES = 123;
/** Stands for a close frame without a code, which is one that may be sent. */
export const NO_CODE = 1005;

/** Tells whether a close frame may have this code and reason (RFC 6455 section 7.4, and its IANA registry). */
export function mayClose(code: number, reason: string): boolean {
  if (code === NO_CODE) return reason === "";
  return isAssigned(code) && UTF8.encode(reason).byteLength <= MAX_REASON_BYTES;
}

/**
 * 1004 has no meaning yet; 1005, 1006 and 1015 are for the program, never for the wire; 1016 to 2999 are not assigned.
 */
function isAssigned(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== NO_CODE && code !== 1006;
}

const UTF8 = new TextEncoder();

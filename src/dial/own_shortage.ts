/** ENFILE, EMFILE, ENOBUFS, ENOMEM, as the platform words them. */
const SHORTAGE = /\(os error (?:23|24|105|12)\)/;

/** The same as node:net has them. */
const SHORTAGE_CODES: ReadonlySet<string> = new Set(["ENFILE", "EMFILE", "ENOBUFS", "ENOMEM"]);

/**
 * Tells from an error's text, or its code if it has one, whether a connection failed because this process has no
 * descriptor or memory left. Such a failure says nothing about a target and is never counted against one.
 */
export function isOwnShortage(text: string, code = ""): boolean {
  return SHORTAGE_CODES.has(code) || SHORTAGE.test(text);
}

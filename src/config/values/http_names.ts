import { isToken } from "../../http1/tokens.ts";
import type { HashKey } from "../model.ts";
import { Refusal, type ValueKind } from "./value_kind.ts";

/** Most characters of a header's or cookie's name. */
const LONGEST_NAME = 256;

/** Tells whether text can be the name of a header or of a cookie (RFC 6265 section 4.1.1), which is a token. */
function isName(text: string): boolean {
  return text.length <= LONGEST_NAME && isToken(text);
}

/** The name of a cookie that sluice sets. */
export const COOKIE_NAME: ValueKind<string> = {
  words: "cookie name",
  parse: (text) => {
    if (!isName(text)) return new Refusal("a cookie name: letters, digits and !#$%&'*+-.^_`|~ only");
    // RFC 6265bis section 4.1.3: browsers drop such a cookie if it is not Secure, so it would never stick.
    if (/^__(Host|Secure)-/i.test(text)) return new Refusal("a name that does not begin with __Host- or __Secure-");
    return text;
  },
  format: String,
};

/** The name of a cookie that an application sets. */
export const ANY_COOKIE_NAME: ValueKind<string> = {
  ...COOKIE_NAME,
  parse: (text) => isName(text) ? text : COOKIE_NAME.parse(text),
};

/** Makes the default name of a group's cookie; what a cookie's name can't hold is written as `%` and two digits. */
export function defaultCookieName(group: string): string {
  const encoded = [...new TextEncoder().encode(group)].map((byte) => {
    const character = String.fromCharCode(byte);
    return character !== "%" && isToken(character) ? character : `%${byte.toString(16).padStart(2, "0")}`;
  });
  return `sluice-${encoded.join("")}`;
}

/** What `HASH` hashes. */
export const HASH_KEY: ValueKind<HashKey> = {
  words: "`client-ip`, `path`, `header:NAME` or `cookie:NAME`",
  parse: (text) => {
    const refusal = new Refusal("client-ip, path, header:NAME or cookie:NAME");
    const lower = text.toLowerCase();
    if (lower === "client-ip" || lower === "path") return { from: lower };
    const match = /^(header|cookie):\s*(.*)$/i.exec(text);
    if (match === null || !isName(match[2]!)) return refusal;
    return match[1]!.toLowerCase() === "header"
      ? { from: "header", name: match[2]!.toLowerCase() }
      : { from: "cookie", name: match[2]! };
  },
  format: (key) => ("name" in key ? `${key.from}:${key.name}` : key.from),
};

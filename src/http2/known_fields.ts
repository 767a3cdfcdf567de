import { STATIC_TABLE } from "./static_table.ts";

/** How a field goes into a header block. */
export interface KnownField {
  /** Where its name is first in the static table; 0: not there. */
  index: number;
  /** The values that the static table has for it, from `index` on. */
  readonly values: string[];
  /** Comes with the same value again and again, so the table remembers it. */
  repeats: boolean;
  /** Must never be remembered, not by proxies on the way either (RFC 7541 section 7.1.3). */
  secret: boolean;
}

/** What servers send with each response, or nearly so. */
const REPEATING = [
  ":status",
  "accept-ranges",
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "allow",
  "alt-svc",
  "cache-control",
  "content-encoding",
  "content-language",
  "content-type",
  "cross-origin-opener-policy",
  "cross-origin-resource-policy",
  "permissions-policy",
  "pragma",
  "referrer-policy",
  "server",
  "strict-transport-security",
  "vary",
  "via",
  "x-content-type-options",
  "x-frame-options",
  "x-powered-by",
  "x-xss-protection",
];

const SECRET = ["authorization", "cookie", "proxy-authorization", "set-cookie"];

/** Fields by name. */
export const KNOWN_FIELDS: ReadonlyMap<string, KnownField> = knownFields();

function knownFields(): Map<string, KnownField> {
  const fields = new Map<string, KnownField>();
  const at = (name: string): KnownField => {
    const known = fields.get(name) ?? { index: 0, values: [], repeats: false, secret: false };
    fields.set(name, known);
    return known;
  };
  STATIC_TABLE.forEach(([name, value], place) => {
    const known = at(name);
    if (known.index === 0) known.index = place + 1;
    known.values.push(value);
  });
  for (const name of REPEATING) at(name).repeats = true;
  for (const name of SECRET) at(name).secret = true;
  return fields;
}

/**
 * Header fields that a proxy treats by their name. A line's kind is found once, when its head is read, by length and
 * first letter; what is done with each is in a table of the caller's.
 */
export const Kind = {
  Other: 0,
  Host: 1,
  Connection: 2,
  /** `Keep-Alive`, `Proxy-Connection`, `Trailer`: they concern one connection (RFC 9110 section 7.6.1). */
  HopByHop: 3,
  Te: 4,
  TransferEncoding: 5,
  Upgrade: 6,
  ContentLength: 7,
  Expect: 8,
  Via: 9,
  UserAgent: 10,
  /** `traceparent` and `baggage`. */
  Trace: 11,
  /** `Forwarded`. */
  Forwarded: 12,
  ForwardedFor: 13,
  ForwardedHost: 14,
  ForwardedPort: 15,
  ForwardedProto: 16,
  /** Any other `X-Forwarded-*`. */
  ForwardedOther: 17,
  RealIp: 18,
  RequestId: 19,
  Cookie: 20,
  /** `Location`, `Content-Location`, `Refresh`. */
  Location: 21,
  WwwAuthenticate: 22,
  /** `Authorization` and `Proxy-Authorization`. */
  Authorization: 23,
  SetCookie: 24,
} as const;
/** One of {@linkcode Kind}. */
export type Kind = typeof Kind[keyof typeof Kind];

/** Names in lower case. */
const NAMES: readonly (readonly [string, Kind])[] = [
  ["host", Kind.Host],
  ["connection", Kind.Connection],
  ["keep-alive", Kind.HopByHop],
  ["proxy-connection", Kind.HopByHop],
  ["trailer", Kind.HopByHop],
  ["te", Kind.Te],
  ["transfer-encoding", Kind.TransferEncoding],
  ["upgrade", Kind.Upgrade],
  ["content-length", Kind.ContentLength],
  ["expect", Kind.Expect],
  ["via", Kind.Via],
  ["user-agent", Kind.UserAgent],
  ["traceparent", Kind.Trace],
  ["baggage", Kind.Trace],
  ["forwarded", Kind.Forwarded],
  ["x-forwarded-for", Kind.ForwardedFor],
  ["x-forwarded-host", Kind.ForwardedHost],
  ["x-forwarded-port", Kind.ForwardedPort],
  ["x-forwarded-proto", Kind.ForwardedProto],
  ["x-real-ip", Kind.RealIp],
  ["x-request-id", Kind.RequestId],
  ["cookie", Kind.Cookie],
  ["location", Kind.Location],
  ["content-location", Kind.Location],
  ["refresh", Kind.Location],
  ["www-authenticate", Kind.WwwAuthenticate],
  ["authorization", Kind.Authorization],
  ["proxy-authorization", Kind.Authorization],
  ["set-cookie", Kind.SetCookie],
];

/** What all the family's names begin with; `_` for `-` is the same name to CGI, which can't tell them apart. */
const FORWARDED_PREFIX = "x-forwarded-";

const BY_NAME: ReadonlyMap<string, Kind> = new Map(NAMES);
const LONGEST = 19;
const LETTER_X = 120;

/** Names of one length and first letter. */
interface Candidate {
  readonly codes: Uint8Array;
  readonly kind: Kind;
  readonly next: Candidate | null;
}

const CANDIDATES: (Candidate | null)[] = new Array((LONGEST + 1) * 32).fill(null);
for (const [name, kind] of NAMES) {
  const at = placeOf(name.length, name.charCodeAt(0));
  CANDIDATES[at] = { codes: new TextEncoder().encode(name), kind, next: CANDIDATES[at]! };
}

function placeOf(length: number, firstLetter: number): number {
  return length * 32 + (firstLetter & 31);
}

/** The kind of a name in lower case. */
export function kindOf(name: string): Kind {
  const { length } = name;
  const first = name.charCodeAt(0);
  // Most names are not even looked up, which takes a hash of all their characters.
  if (length > 0 && length <= LONGEST && CANDIDATES[placeOf(length, first)] !== null) {
    const kind = BY_NAME.get(name);
    if (kind !== undefined) return kind;
  }
  return first === LETTER_X && isForwardedFamily(name) ? Kind.ForwardedOther : Kind.Other;
}

/** The kind of a name in any case, at `start` to `end`. */
export function kindOfBytes(bytes: Uint8Array, start: number, end: number): Kind {
  const length = end - start;
  if (length <= LONGEST) {
    for (let one = CANDIDATES[placeOf(length, bytes[start]!)]!; one !== null; one = one.next!) {
      if (isSame(bytes, start, one.codes)) return one.kind;
    }
  }
  if ((bytes[start]! | 32) !== LETTER_X || length < 9) return Kind.Other;
  let name = "";
  for (let at = start; at < end; at++) name += String.fromCharCode(bytes[at]!);
  return kindOf(name.toLowerCase());
}

function isSame(bytes: Uint8Array, start: number, codes: Uint8Array): boolean {
  for (let i = 0; i < codes.length; i++) if ((bytes[start + i]! | 32) !== codes[i]) return false;
  return true;
}

/**
 * `x-forwarded-anything`, each hyphen also as `_`; `x_forwarded_for` and other twins of known names are of it too
 * (`x_real_ip`).
 */
function isForwardedFamily(name: string): boolean {
  const plain = name.replaceAll("_", "-");
  return plain.startsWith(FORWARDED_PREFIX) || (plain !== name && (plain === "x-real-ip" || plain === "x-request-id"));
}

/** Fields that say where a message ends, or whom it is for, have no place behind it (RFC 9110 section 6.5.1). */
export const NOT_IN_TRAILERS: ReadonlySet<Kind> = new Set([
  Kind.Host,
  Kind.Connection,
  Kind.HopByHop,
  Kind.Te,
  Kind.TransferEncoding,
  Kind.Upgrade,
  Kind.ContentLength,
  Kind.Expect,
]);

import fc from "fast-check";
import { ALGORITHMS } from "../../src/balancing/registry.ts";

/**
 * A target group of a random configuration; targets by index, an index beyond the mocks is a port without a listener.
 */
export interface RandomGroup {
  readonly targets: readonly { readonly index: number; readonly base: string; readonly weight: number }[];
  readonly algorithm: string;
  readonly hashKey: string;
  readonly preserveHost: boolean;
  /** Indexes into `targets` that the operator drains. */
  readonly drained: readonly number[];
  /** Its only target is a name that never resolves. */
  readonly nameless: boolean;
}

/** A rule of a random configuration. */
export interface RandomRule {
  readonly prefix: string;
  readonly rewrite: string;
  readonly group: number;
  /** Variables of more conditions, without `LISTENER_RULE_<N>_`. */
  readonly conditions: Readonly<Record<string, string>>;
  /** `shared` has the next group beside its own; the other two are answers of the rule's. */
  readonly action: "forward" | "shared" | "redirect" | "fixed";
}

/** A random configuration. */
export interface RandomSetup {
  readonly groups: readonly RandomGroup[];
  readonly rules: readonly RandomRule[];
  readonly listener: Readonly<Record<string, string>>;
}

/** A random request; what depends on the running process is filled in when it is sent. */
export interface RandomRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly host: string;
  /** Body bytes; null sends neither body nor length. */
  readonly bodyBytes: number | null;
  readonly chunked: boolean;
  /** Carries the Via of the process itself. */
  readonly loops: boolean;
  /** Sends back the cookies that earlier answers set. */
  readonly keepsCookies: boolean;
}

const PREFIXES = ["/", "/api", "/api/", "/api/v2", "/api/v2/users", "/static", "/a%20b", "/x//y"] as const;

function group(mocks: number): fc.Arbitrary<RandomGroup> {
  const target = fc.record({
    // Now and then a port without a listener.
    index: fc.oneof({ weight: 12, arbitrary: fc.nat(mocks - 1) }, { weight: 1, arbitrary: fc.constant(mocks) }),
    base: fc.constantFrom("", "", "/v1", "/v1/deep"),
    weight: fc.integer({ min: 1, max: 5 }),
  });
  return fc.record({
    targets: fc.uniqueArray(target, { minLength: 1, maxLength: 5, selector: ({ index }) => index }),
    algorithm: fc.constantFrom(...ALGORITHMS.map(({ name }) => name)),
    hashKey: fc.constantFrom("client-ip", "path", "header:X-User", "cookie:u"),
    preserveHost: fc.boolean(),
    drained: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, {
      weight: 1,
      arbitrary: fc.uniqueArray(fc.nat(4), { maxLength: 5 }),
    }),
    nameless: fc.integer({ min: 0, max: 14 }).map((dice) => dice === 0),
  });
}

const conditions: fc.Arbitrary<Readonly<Record<string, string>>> = fc.record({
  HOST: fc.constantFrom("shop.test", "*.test|front", "other.test"),
  METHOD: fc.constantFrom("GET|HEAD", "POST"),
  HEADER: fc.constantFrom("X-User: a*", "X-User", "Accept-Encoding: gzip && User-Agent: test/*"),
  COOKIE: fc.constantFrom("u=7", "u=8"),
  QUERY: fc.constantFrom("x=1", "y=?"),
  SOURCE_IP: fc.constantFrom("127.0.0.0/8", "203.0.113.0/24"),
  PROTOCOL: fc.constantFrom("http", "https"),
}, { requiredKeys: [] });

/** Random configurations over so many mock targets. */
export function randomSetup(mocks: number): fc.Arbitrary<RandomSetup> {
  return fc.record({
    groups: fc.array(group(mocks), { minLength: 1, maxLength: 4 }),
    rules: fc.uniqueArray(
      fc.record({
        prefix: fc.constantFrom(...PREFIXES),
        rewrite: fc.constantFrom("", "", "/", "/api", "/api/", "/api/v2", "/static"),
        group: fc.nat(3),
        conditions: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 2, arbitrary: conditions }),
        action: fc.constantFrom("forward", "forward", "forward", "forward", "shared", "shared", "redirect", "fixed"),
      }),
      { minLength: 1, maxLength: 6, selector: ({ prefix }) => prefix },
    ),
    listener: fc.record({
      HEADER_CONVENTION_ENABLE: fc.constantFrom("true", "false"),
      MAX_BODY_BYTES: fc.constantFrom("0", "10"),
      ERROR_BODY: fc.constantFrom("empty", "json", "text"),
      TRUSTED_PROXIES: fc.constantFrom("", "127.0.0.0/8", "10.0.0.0/8"),
      STATS_PATH: fc.constantFrom("off", "/api/stats"),
    }),
  });
}

const SEGMENTS = [
  "api",
  "v2",
  "users",
  "static",
  "apix",
  "..",
  ".",
  "%2e%2E",
  "a%20b",
  "x",
  "y",
  "",
  "a;b=1",
  "%2F",
  "stats",
];

// Nothing that the listener's parser refuses by itself (`<`, say): such requests never get as far as a decision.
const path = fc.tuple(
  fc.array(fc.constantFrom(...SEGMENTS), { maxLength: 5 }),
  fc.constantFrom("", "", "", "/", "|", "{}", "\\", '"'),
  fc.constantFrom("", "", "?", "?x=1&y=%20", "?a=/../b'", "?q=\\"),
).map(([segments, end, query]) => `/${segments.join("/")}${end}${query}`);

const headers = fc.subarray([
  "X-User: ann",
  "X-User: bob",
  "Cookie: u=7",
  "Accept-Encoding: gzip",
  "User-Agent: test/1",
  "X-Forwarded-For: 203.0.113.9, 10.0.0.1",
  "X-Forwarded-Proto: https",
  "Forwarded: for=1.2.3.4",
  "X-Real-IP: 1.1.1.1",
  "Connection: X-User, keep-alive",
  "Keep-Alive: timeout=5",
  "TE: trailers",
  "Via: 1.0 elsewhere",
  "Upgrade: h2c",
  "X-Empty:",
]);

const upgrade = fc.oneof(
  { weight: 40, arbitrary: fc.constant<string[]>([]) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(["Connection: upgrade", "Upgrade: foo"], ["Connection: Upgrade", "Upgrade: h2c"]),
  },
);

const rarely = (oneIn: number) => fc.integer({ min: 1, max: oneIn }).map((dice) => dice === 1);

/** Random requests: mostly good ones, all kinds of bad ones among them. */
export const randomRequest: fc.Arbitrary<RandomRequest> = fc.record({
  method: fc.constantFrom(..."GET GET GET GET HEAD POST PUT DELETE OPTIONS PATCH PROPFIND TRACE".split(" ")),
  path,
  headers: fc.tuple(headers, upgrade).map(([plain, more]) => [...plain, ...more]),
  host: fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom("shop.test", "shop.test:8080", "10.0.0.1", "[::1]:80") },
    { weight: 1, arbitrary: fc.constantFrom("a/evil", "a@b", "") },
  ),
  bodyBytes: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(20) }),
  chunked: rarely(3),
  loops: rarely(40),
  keepsCookies: fc.boolean(),
}).map((request) => {
  // The platform refuses an upgrade with a body before sluice hears of it.
  const upgrades = request.headers.some((line) => /^connection: upgrade/i.test(line));
  if (upgrades) return { ...request, bodyBytes: null };
  // The headers don't tell how large a chunked body is.
  return request.chunked && request.bodyBytes !== null ? { ...request, bodyBytes: request.bodyBytes % 10 } : request;
});

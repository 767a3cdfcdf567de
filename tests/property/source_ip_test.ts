/**
 * Whoever is not in TRUSTED_PROXIES can't choose the address that rules see, whatever it writes into X-Forwarded-For;
 * and what a trusted proxy passes on counts only as far as trusted proxies wrote it.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Received } from "../../src/data_plane/chain/exchange.ts";
import { RuleQuestion } from "../../src/data_plane/chain/rule_question.ts";
import { TrustedProxies } from "../../src/forwarding/headers/client_address.ts";
import { TextLines } from "../../src/http1/field_lines.ts";
import { prefixRule } from "../../src/config/rule.ts";
import { RuleIndex } from "../../src/rules/rule_index.ts";
import { SEED } from "../support/seed.ts";

const TRUSTED = ["10.0.0.0/8", "2001:db8::/32"];
const INSIDE = "192.0.2.0/24";

const trustedPeer = fc.constantFrom("10.0.0.1", "10.255.0.9", "2001:db8::7");
const otherPeer = fc.constantFrom("203.0.113.9", "198.51.100.1", "2001:db9::1", "::1");
const anyText = fc.oneof(
  fc.constantFrom(
    "192.0.2.1",
    "192.0.2.1:80",
    "[::ffff:192.0.2.1]",
    "::ffff:192.0.2.1",
    "unknown",
    "",
    "10.0.0.1",
    "0xc0000201",
  ),
  fc.string({ maxLength: 12 }).filter((text) => !/[\r\n\0]/.test(text)),
);

/** Tells whether a rule for `INSIDE` takes a request of `peer` with these X-Forwarded-For lines. */
function isTaken(peer: string, forwardedFor: readonly string[], trusted: readonly string[] | null): boolean {
  const received = new Received("GET", 0);
  received.path = "/";
  received.peer = received.client = peer;
  const lines = new TextLines();
  for (const value of forwardedFor) lines.add("x-forwarded-for", value);
  received.lines = lines;
  const settings = {
    via: null,
    convention: true,
    listenerPort: "80",
    scheme: "http" as const,
    trusted: new TrustedProxies(trusted),
    traceHeaders: new Set<string>(),
  };
  const rule = {
    ...prefixRule(1, { prefix: "/", group: "g" }),
    conditions: [{ kind: "source_ip" as const, text: INSIDE, ranges: [INSIDE] }],
  };
  return new RuleIndex([rule]).match("/", new RuleQuestion(received, settings)) !== null;
}

Deno.test("a peer that is not trusted is seen by its own address, whatever it writes", () => {
  fc.assert(
    fc.property(
      otherPeer,
      fc.array(anyText, { maxLength: 5 }),
      fc.constantFrom(null, TRUSTED, []),
      (peer, texts, trusted) => {
        assert.equal(isTaken(peer, texts, trusted), false);
        assert.equal(isTaken("192.0.2.77", texts, trusted), true);
      },
    ),
    { numRuns: 3000, seed: SEED },
  );
});

Deno.test("behind a trusted proxy the address that it saw counts, and nothing that stands before it", () => {
  fc.assert(
    fc.property(
      trustedPeer,
      fc.array(anyText, { maxLength: 4 }),
      otherPeer,
      fc.array(trustedPeer, { maxLength: 3 }),
      (peer, forged, seen, proxies) => {
        const chain = [...forged, seen, ...proxies].join(", ");
        assert.equal(isTaken(peer, [chain], TRUSTED), false, chain);
        const real = [...forged, "192.0.2.5", ...proxies].join(", ");
        assert.equal(isTaken(peer, [real], TRUSTED), true, real);
        const cut = ["192.0.2.5", "no address", ...proxies].join(", ");
        assert.equal(isTaken(peer, [cut], TRUSTED), false, cut);
      },
    ),
    { numRuns: 3000, seed: SEED },
  );
});

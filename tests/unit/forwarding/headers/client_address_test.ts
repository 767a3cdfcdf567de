import assert from "node:assert/strict";
import { canonicalAddress, TrustedProxies } from "../../../../src/forwarding/headers/client_address.ts";
import { heldBytes } from "../../../support/held_bytes.ts";

Deno.test("the client's address is the first from the right that is no trusted proxy", () => {
  const trusted = new TrustedProxies(["10.0.0.0/8", "::1", "192.0.2.1"]);
  const cases: [string, string | null, string][] = [
    ["10.0.0.1", null, "10.0.0.1"],
    ["10.0.0.1", "203.0.113.1", "203.0.113.1"],
    ["10.0.0.1", "6.6.6.6, 203.0.113.1, 10.9.9.9", "203.0.113.1"],
    ["10.0.0.1", "10.1.1.1,192.0.2.1", "10.1.1.1"],
    ["10.0.0.1", "6.6.6.6, nonsense, 10.9.9.9", "10.9.9.9"],
    ["10.0.0.1", "", "10.0.0.1"],
    ["10.0.0.1", ", ,", "10.0.0.1"],
    ["10.0.0.1", "[2001:db8::1]:8080", "2001:db8::1"],
    ["10.0.0.1", "203.0.113.1:4711", "203.0.113.1"],
    ["::1", "203.0.113.1", "203.0.113.1"],
    ["::ffff:10.0.0.1", "203.0.113.1", "203.0.113.1"],
    ["203.0.113.7", "10.0.0.1", "203.0.113.7"],
    ["10.0.0.1", "2001:DB8:0:0::1", "2001:db8::1"],
    ["10.0.0.1", "[2001:DB8::0:1]:80, ::FFFF:10.0.0.9", "2001:db8::1"],
    ["10.0.0.1", "::ffff:203.0.113.1", "203.0.113.1"],
    ["10.0.0.1", "::ffff:cb00:7101", "203.0.113.1"],
    ...["1", "0x7f.1", "0177.0.0.1", "010.0.0.1", "1.2.3", "256.1.1.1", "2130706433"].map(
      (text): [string, string, string] => ["10.0.0.1", `6.6.6.6, ${text}, 10.9.9.9`, "10.9.9.9"],
    ),
  ];
  for (const [peer, header, client] of cases) {
    assert.equal(trusted.clientAddress(peer, header), client, `${peer} ${header}`);
  }
  const mapped = new TrustedProxies(["::ffff:10.0.0.0/104", "::ffff:192.0.2.1"]);
  assert.equal(mapped.clientAddress("10.0.0.1", "6.6.6.6, 203.0.113.1, 192.0.2.1"), "203.0.113.1");
  assert.equal(mapped.clientAddress("::ffff:10.0.0.1", "203.0.113.1"), "203.0.113.1");
  assert.equal(mapped.trusts("11.0.0.1"), false);
  const nobody = new TrustedProxies(null);
  assert.deepEqual([nobody.configured, nobody.clientAddress("10.0.0.1", "1.1.1.1")], [false, "10.0.0.1"]);
});

Deno.test("addresses that are remembered hold nothing of the header that they came in", () => {
  const trusted = new TrustedProxies(["10.0.0.0/8"]);
  const held = heldBytes(() => {
    for (let i = 0; i < 1000; i++) {
      const address = `192.168.${100 + (i >> 8)}.${i & 255}`;
      assert.equal(trusted.clientAddress("10.0.0.1", `${"x".repeat(60_000)}${i},${address}`), address);
    }
  });
  assert.ok(held < 8_000_000, `${held} bytes`);
});

Deno.test("an address with a zone that is longer than any is none: thousands of addresses are remembered", () => {
  const trusted = new TrustedProxies(["10.0.0.0/8"]);
  assert.equal(trusted.clientAddress("10.0.0.1", `fe80::1%${"e".repeat(60_000)}`), "10.0.0.1");
  assert.equal(trusted.clientAddress("10.0.0.1", "fe80::1%eth0"), "fe80::1%eth0");
});

Deno.test("an address has one form: IPv4 of a mapped one, IPv6 as RFC 5952 says", () => {
  const forms: Record<string, string[]> = {
    "10.0.0.1": ["10.0.0.1", "::ffff:10.0.0.1", "::FFFF:10.0.0.1", "::ffff:a00:1", "0:0:0:0:0:ffff:10.0.0.1"],
    "2001:db8::1": ["2001:db8::1", "2001:DB8::1", "2001:db8:0:0:0:0:0:1", "2001:0db8::0001"],
    "2001:db8::1:0:0:1": ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    "2001:db8:0:1:1:1:1:1": ["2001:db8::1:1:1:1:1"],
    "::1": ["::1", "0:0:0:0:0:0:0:1"],
    "::": ["::", "0::0"],
    "fe80::1%eth0": ["fe80::1%eth0", "FE80:0::1%eth0"],
  };
  for (const [form, texts] of Object.entries(forms)) {
    for (const text of texts) assert.equal(canonicalAddress(text), form, text);
  }
  for (const text of ["", "1", "0x7f.1", "0177.0.0.1", "010.0.0.1", "1.2.3.4.5", "[::1]", "a", " 10.0.0.1"]) {
    assert.equal(canonicalAddress(text), null, text);
  }
});

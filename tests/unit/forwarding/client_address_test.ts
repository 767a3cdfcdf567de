import assert from "node:assert/strict";
import { TrustedProxies } from "../../../src/forwarding/client_address.ts";

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

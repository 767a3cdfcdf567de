import assert from "node:assert/strict";
import { readProxyHeader } from "../../../src/front/wire/proxy_protocol.ts";
import { Malformed } from "../../../src/http1/malformed.ts";

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

const V2 = "\r\n\r\n\0\r\nQUIT\n";
const GOOD: Record<string, [header: string, address: string | null]> = {
  "TCP4": ["PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", "192.0.2.1"],
  "TCP6": ["PROXY TCP6 2001:db8::1 ::1 4124 443\r\n", "2001:db8::1"],
  "TCP6, long": ["PROXY TCP6 2001:DB8:0:0:0:0:0:1 ::1 4124 443\r\n", "2001:db8::1"],
  "TCP6, an address of IPv4": ["PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.1 4124 443\r\n", "192.0.2.1"],
  "UNKNOWN": ["PROXY UNKNOWN\r\n", null],
  "UNKNOWN with more": ["PROXY UNKNOWN ffff::1 x 1 2\r\n", null],
  "version 2, IPv4": [`${V2}\x21\x11\0\x0c\xc0\0\x02\x01\x7f\0\0\x01\x04\x00\x01\xbb`, "192.0.2.1"],
  "version 2, IPv4 with more behind it": [
    `${V2}\x21\x11\0\x0f\xc0\0\x02\x01\x7f\0\0\x01\x04\x00\x01\xbb\x04\0\0`,
    "192.0.2.1",
  ],
  "version 2, IPv6": [
    `${V2}\x21\x21\0\x24\x20\x01\x0d\xb8${"\0".repeat(11)}\x01${"\0".repeat(15)}\x01\x04\x00\x01\xbb`,
    "2001:db8::1",
  ],
  "version 2, IPv6 with an address of IPv4": [
    `${V2}\x21\x21\0\x24${"\0".repeat(10)}\xff\xff\xc0\0\x02\x01${"\0".repeat(15)}\x01\x04\x00\x01\xbb`,
    "192.0.2.1",
  ],
  "version 2, LOCAL": [`${V2}\x20\0\0\0`, null],
  "version 2, a socket of the machine": [`${V2}\x21\x31\0\x02ab`, null],
};

Deno.test("a PROXY header names the client, whole or split anywhere, and ends where it says", async (t) => {
  for (const [name, [header, address]] of Object.entries(GOOD)) {
    await t.step(name, () => {
      const bytes = bytesOf(`${header}GET / HTTP/1.1\r\n`);
      for (let end = 1; end < header.length; end++) assert.equal(readProxyHeader(bytes, 0, end), null, `at ${end}`);
      assert.deepEqual(readProxyHeader(bytes, 0, bytes.length), { end: header.length, address });
    });
  }
});

Deno.test("what is no PROXY header is refused", async (t) => {
  const bad = [
    "GET / HTTP/1.1\r\n\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n",
    "PROXY TCP4 not.an.address x 1 2\r\n",
    "PROXY TCP4 999.0.2.1 198.51.100.1 56324 443\r\n",
    "PROXY TCP4 0300.0.2.1 198.51.100.1 56324 443\r\n",
    "PROXY TCP6 :::::: ::1 56324 443\r\n",
    "PROXY TCP6 192.0.2.1 ::1 56324 443\r\n",
    "PROXY TCP6 fe80::1%eth0 ::1 56324 443\r\n",
    "PROXY TCP9 192.0.2.1 198.51.100.1 56324 443\r\n",
    "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\n",
    `PROXY ${"x".repeat(120)}`,
    `${V2}\x11\x11\0\x0c${"\0".repeat(12)}`,
    `${V2}\x22\x11\0\x0c${"\0".repeat(12)}`,
    `${V2}\x21\x11\0\x04${"\0".repeat(4)}`,
    `${V2}\x21\x11\xff\xff${"\0".repeat(20)}`,
  ];
  for (const text of bad) {
    await t.step(JSON.stringify(text.slice(0, 60)), () => {
      assert.throws(() => readProxyHeader(bytesOf(text), 0, text.length), Malformed);
    });
  }
});

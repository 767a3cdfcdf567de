/** What must hold for any header, any request head, any text in a log line. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { checkRequest } from "../../src/data_plane/chain/check_request.ts";
import { Exchange } from "../../src/data_plane/chain/exchange.ts";
import { TrustedProxies } from "../../src/forwarding/headers/client_address.ts";
import { prepareLines } from "../../src/forwarding/headers/request_lines.ts";
import { ServeRequest } from "../../src/front/serve/serve_request.ts";
import { isHopByHop } from "../../src/http1/hop_by_hop.ts";
import { ByteLine } from "../../src/logging/byte_line.ts";
import {
  type AccessRecord,
  type WriteAccessLine,
  writeJsonLine,
  writeTextLine,
} from "../../src/logging/access_line.ts";
import "../support/seed.ts";

const names = fc.oneof(
  fc.constantFrom(
    ...["connection", "keep-alive", "te", "trailer", "upgrade", "via", "cookie", "x-a", "x-b", "authorization", "host"],
    ...["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "forwarded", "x-request-id"],
  ),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
);
const values = fc.oneof(
  fc.constantFrom("close", "trailers", "x-a, x-b", "cookie,host", "1.2.3.4", "10.0.0.1, 6.6.6.6", "websocket"),
  fc.stringMatching(/^[\x21-\x7e\xa1-\xff]{0,12}$/),
);

function receivedOf(headers: Headers, url = "http://shop.example/"): ServeRequest {
  return new ServeRequest({ method: "GET", url, headers, body: null }, "192.0.2.1", null);
}

Deno.test("no header of one connection crosses, none doubles, and no stranger names a client", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(names, values), { maxLength: 12 }),
    fc.boolean(),
    fc.constantFrom(null, ["10.0.0.0/8"], ["192.0.2.0/24"]),
    (headers, convention, cidrs) => {
      const received = receivedOf(new Headers(headers as [string, string][]));
      const trusted = new TrustedProxies(cidrs);
      const settings = {
        via: "1.1 sluice-test",
        convention,
        listenerPort: "8080",
        scheme: "http" as const,
        trusted,
        traceHeaders: new Set<string>(),
      };
      const peer = "192.0.2.1";
      const { own, client } = prepareLines(received, { peer, host: "shop.example" }, settings);
      const pairs: [string, string][] = [];
      received.lines.forEach((name, value) => pairs.push([name, value]));
      for (const [name, value] of own) pairs.push([name.toLowerCase(), value]);
      const sent = pairs.map(([name]) => name);
      assert.equal(new Set(sent).size, sent.length, "each name once");
      const listed = (new Headers(headers).get("connection") ?? "").toLowerCase().split(",").map((name) => name.trim());
      // What routes, frames or names a client can't be taken away by listing it.
      const kept = /^(via|te|content-length|x-request-id|x-real-ip|x-forwarded-.*)$/;
      for (const [name, value] of pairs) {
        assert.ok(!isHopByHop(name) || (name === "te" && value === "trailers"), name);
        assert.ok(!listed.includes(name) || kept.test(name), name);
        assert.notEqual(name, "host");
      }
      if (trusted.configured && !trusted.trusts(peer)) {
        assert.equal(client, peer);
        const said = pairs.filter(([name]) =>
          name === "forwarded" || name === "x-forwarded-for" || name === "x-real-ip"
        );
        for (const [, value] of said) assert.equal(value, "192.0.2.1");
      }
      assert.match(new Map(pairs).get("via")!, /1\.1 sluice-test$/);
    },
  ));
});

Deno.test("any request head is refused, or gives a path that the URL parser leaves as it is", () => {
  const paths = fc.array(
    fc.constantFrom(
      "/",
      "..",
      ".",
      "%2e",
      "%2E",
      "a",
      "?",
      "#",
      "\\",
      "//",
      "%2f",
      ";",
      "@",
      ":",
      " ",
      "é",
      "'",
      "<",
      "%",
    ),
    { maxLength: 10 },
  ).map((parts) => parts.join(""));
  const hosts = fc.constantFrom("a", "a:80", "[::1]", "a.b", "1.2.3.4:5", "a/evil", "a b", "", "u@a", "a?b", "a#b");
  const schemes = fc.constantFrom("http://", "http://", "https://", "ftp://", "x:");
  fc.assert(
    fc.property(schemes, hosts, paths, (scheme, host, path) => {
      const received = receivedOf(new Headers(host === "" ? [] : [["host", host]]), scheme + host + path);
      const exchange = new Exchange("GET", 0);
      const reason = checkRequest(exchange.received, received, "fetch");
      if (reason !== null) return assert.equal(reason, "bad_request");
      const sent = new URL(`http://target:1${exchange.received.path}${exchange.received.query}`);
      assert.equal(
        sent.pathname + (exchange.received.query === "?" ? "?" : sent.search),
        exchange.received.path + exchange.received.query,
      );
      assert.ok(
        !exchange.received.path.split("/").some((segment) => /^(\.|%2e){1,2}$/i.test(segment)),
        exchange.received.path,
      );
    }),
    { numRuns: 3000 },
  );
});

const record: AccessRecord = {
  protocol: "HTTP/1.1",
  ...{ timeMs: 0, client: "", method: "", path: "", host: "", status: 200, reason: null, rule: 1, group: "g" },
  ...{
    target: "a:1",
    attempts: 1,
    connectMs: null,
    ttfbMs: 0.0004,
    totalMs: 1.23456,
    requestBytes: 0,
    responseBytes: 0,
    cutBy: null,
    detail: null,
    id: "",
  },
};

Deno.test("an access line is one line without control characters, and JSON preserves every text", () => {
  const text = fc.string({ unit: "binary", maxLength: 20 });
  fc.assert(fc.property(text, text, text, text, text, (client, method, path, host, id) => {
    const hostile = { ...record, client, method, path, host, id };
    const json = lineOf(writeJsonLine, hostile);
    const parsed = JSON.parse(json);
    assert.deepEqual([parsed.client, parsed.method, parsed.path, parsed.host, parsed.id], [
      client,
      method,
      path,
      host,
      id,
    ]);
    for (const line of [json, lineOf(writeTextLine, { ...hostile, client: "192.0.2.1" })]) {
      assert.ok(line.endsWith("\n"));
      // deno-lint-ignore no-control-regex
      assert.ok(!/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(line.slice(0, -1)), JSON.stringify(line));
    }
  }));
});

function lineOf(write: WriteAccessLine, record: AccessRecord): string {
  const line = new ByteLine(131_072);
  write(line, record);
  return new TextDecoder().decode(line.bytes.subarray(0, line.at));
}

import assert from "node:assert/strict";
import { hashKeyOf } from "../../../src/balancing/hash_key.ts";

function request(headers: Record<string, string>) {
  return { clientAddress: "10.9.8.7", path: "/a", header: (name: string) => headers[name] ?? null };
}

Deno.test("HASH_KEY takes the client's address, the path, a header or a cookie", () => {
  const given = request({ "x-user": "ann", cookie: "a=1; user=bob; b=2" });
  assert.equal(hashKeyOf({ from: "client-ip" }, given), "10.9.8.7");
  assert.equal(hashKeyOf({ from: "path" }, given), "/a");
  assert.equal(hashKeyOf({ from: "header", name: "x-user" }, given), "ann");
  assert.equal(hashKeyOf({ from: "cookie", name: "user" }, given), "bob");
});

Deno.test("requests without the header or cookie are spread by their client's address, not put on one target", () => {
  const bare: Record<string, string>[] = [{}, { "x-user": "", cookie: "user=; superuser=x" }, { cookie: "a=user=1" }];
  for (const headers of bare) {
    assert.equal(hashKeyOf({ from: "header", name: "x-user" }, request(headers)), "10.9.8.7");
    assert.equal(hashKeyOf({ from: "cookie", name: "user" }, request(headers)), "10.9.8.7");
  }
});

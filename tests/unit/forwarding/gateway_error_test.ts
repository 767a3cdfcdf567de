import assert from "node:assert/strict";
import { UnknownFailures } from "../../../src/forwarding/fetch/unknown_failures.ts";
import { classifyFetchError } from "../../../src/forwarding/gateway_error.ts";

Deno.test("no path can make one of fetch's failures look like another", () => {
  const fail = (path: string, what: string) =>
    classifyFetchError(
      new TypeError("fetch failed", { cause: new Error(`error sending request for url (http://a:1${path}): ${what}`) }),
    );
  const reset = "client error (SendRequest): connection closed before message completed";
  for (
    const path of ["/invalid", "/:invalid", "/%20invalid%20", "/Connection-refused", "/client%20error%20(Connect)"]
  ) {
    assert.equal(fail(path, reset).reason, "reset_before_headers", path);
    assert.equal(fail(path, reset).nothingSent, false);
  }
  assert.equal(
    fail("/", "client error (Connect): tcp connect error: Connection refused (os error 111)").reason,
    "connect_refused",
  );
  assert.equal(classifyFetchError("what is this").nothingSent, false);
});

Deno.test("a failure of fetch that nobody foresaw is told whole, each kind once, and goes to another target", () => {
  const told: string[] = [];
  const unknown = new UnknownFailures((text) => told.push(text));
  const fail = (what: string) => unknown.classify(new TypeError("fetch failed", { cause: new Error(what) }));
  const sending = (path: string, what: string) =>
    `error sending request for url (https://a:1${path}): client error (${what}`;
  const news = [sending("/1", "Odd): solar flare"), "received fatal alert: InternalError"];
  assert.equal(fail(news[0]!).reason, "reset_before_headers");
  assert.equal(fail(news[1]!).reason, "reset_before_headers");
  fail(sending("/2", "Odd): solar flare"));
  fail(news[1]!);
  fail("peer closed connection without sending TLS close_notify: see there");
  assert.deepEqual(told, news);
  for (let i = 0; i < 100; i++) fail(`flare ${i}`);
  assert.equal(told.length, 16, "what targets say does not fill the log");
  assert.equal(unknown.classify(new DOMException("Gone", "AbortError")).reason, "bad_response");
});

import assert from "node:assert/strict";
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

import assert from "node:assert/strict";
import { renewalAt, waitAfter } from "../../../../src/control_plane/acme/renewal.ts";

const DAY_MS = 86_400_000;

Deno.test("a certificate is due when a third of its lifetime is left, or a little earlier", () => {
  const certificate = { notBeforeMs: 0, notAfterMs: 90 * DAY_MS };
  assert.equal(renewalAt(certificate, 0), 60 * DAY_MS);
  assert.equal(renewalAt(certificate, 0.5), 59.25 * DAY_MS);
  const short = { notBeforeMs: 10 * DAY_MS, notAfterMs: 16 * DAY_MS };
  assert.equal(renewalAt(short, 0), 14 * DAY_MS);
});

Deno.test(
  "orders that fail are tried again after a minute, then twice as long, at most a day, and as the directory " +
    "asks",
  () => {
    assert.equal(waitAfter(1, null, 0), 60_000);
    assert.equal(waitAfter(2, null, 0), 120_000);
    assert.equal(waitAfter(1, null, 0.8), 72_000);
    assert.equal(waitAfter(11, null, 0), 61_440_000);
    assert.equal(waitAfter(12, null, 0), DAY_MS);
    assert.equal(waitAfter(1000, null, 0), DAY_MS);
    assert.equal(waitAfter(1, 3_600_000, 0), 3_600_000);
    assert.equal(waitAfter(1, 1_000, 0), 60_000);
  },
);

import assert from "node:assert/strict";
import { AccountKey } from "../../../../src/control_plane/acme/account_key.ts";
import { AcmeError } from "../../../../src/control_plane/acme/acme_error.ts";
import { AcmeSession, retryAfter, type Send } from "../../../../src/control_plane/acme/acme_session.ts";

const DIRECTORY = {
  newNonce: "https://ca.test/nonce",
  newAccount: "https://ca.test/account",
  newOrder: "https://ca.test/order",
};

/** A directory that answers signed requests one after the other; keeps what it was sent. */
function directory(
  responses: readonly Response[],
): { send: Send; sent: { url: string; header: Record<string, unknown>; payload: string }[] } {
  const sent: { url: string; header: Record<string, unknown>; payload: string }[] = [];
  let next = 0;
  let nonces = 0;
  const send: Send = (url, init) => {
    if (url.endsWith("/directory")) return Promise.resolve(Response.json(DIRECTORY));
    if (init?.method === "HEAD") {
      return Promise.resolve(new Response(null, { headers: { "replay-nonce": `first-${nonces++}` } }));
    }
    const body = JSON.parse(init!.body as string);
    const text = (part: string) => new TextDecoder().decode(Uint8Array.fromBase64(part, { alphabet: "base64url" }));
    sent.push({ url, header: JSON.parse(text(body.protected)), payload: text(body.payload) });
    return Promise.resolve(responses[next++]!);
  };
  return { send, sent };
}

function problem(type: string, detail: string, headers: Record<string, string> = {}): Response {
  const body = JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail });
  return new Response(body, { status: 400, headers: { "replay-nonce": `after-${type}`, ...headers } });
}

async function open(responses: readonly Response[]) {
  const key = await AccountKey.make();
  const { send, sent } = directory(responses);
  return { session: await AcmeSession.open("https://ca.test/directory", { key, send, nowMs: () => 0 }), sent };
}

Deno.test(
  "a refused nonce is taken as an invitation to sign again, and each response brings the next one",
  async () => {
    const done = () => new Response("{}", { headers: { "replay-nonce": "next" } });
    const { session, sent } = await open([problem("badNonce", "try again"), done(), done()]);
    await session.post(DIRECTORY.newOrder, { a: 1 }, "The order");
    await session.post(DIRECTORY.newOrder, null, "The order");
    assert.deepEqual(sent.map(({ header }) => header.nonce), ["first-0", "after-badNonce", "next"]);
    assert.deepEqual(sent.map(({ payload }) => payload), ['{"a":1}', '{"a":1}', ""]);
  },
);

Deno.test("a directory that refuses every nonce is given up", async () => {
  const { session, sent } = await open(Array.from({ length: 20 }, () => problem("badNonce", "never")));
  await assert.rejects(session.post(DIRECTORY.newOrder, {}, "The order"), /The order was refused: never \(badNonce\)/);
  assert.equal(sent.length, 10);
});

Deno.test("a refusal says what was refused, why, and when to come back", async () => {
  const { session } = await open([problem("rateLimited", "too many certificates", { "retry-after": "3600" })]);
  await assert.rejects(session.post(DIRECTORY.newOrder, {}, "The order"), (error) => {
    assert.ok(error instanceof AcmeError);
    assert.equal(error.message, "The order was refused: too many certificates (rateLimited)");
    assert.deepEqual([error.type, error.retryAfterMs], ["rateLimited", 3_600_000]);
    return true;
  });
});

Deno.test("what is no directory is told so", async () => {
  const key = await AccountKey.make();
  const opened = (response: Response) =>
    AcmeSession.open("https://ca.test/x", { key, send: () => Promise.resolve(response), nowMs: () => 0 });
  await assert.rejects(
    opened(new Response("<html>")),
    /https:\/\/ca.test\/x is not an ACME directory: the directory's response is malformed/,
  );
  await assert.rejects(opened(new Response("no", { status: 503 })), /The directory was refused: status 503/);
});

Deno.test("Retry-After may be seconds or a date", () => {
  const nowMs = Date.UTC(2026, 0, 1);
  assert.equal(retryAfter("120", nowMs), 120_000);
  assert.equal(retryAfter("Thu, 01 Jan 2026 00:01:00 GMT", nowMs), 60_000);
  assert.equal(retryAfter("Thu, 01 Jan 2015 00:01:00 GMT", nowMs), 0);
  assert.equal(retryAfter("soon", nowMs), null);
  assert.equal(retryAfter("99999999999", nowMs), 7 * 86_400_000, "a week at most");
  assert.equal(retryAfter("Thu, 01 Jan 2099 00:01:00 GMT", nowMs), 7 * 86_400_000);
  assert.equal(retryAfter(null, nowMs), null);
});

Deno.test("an account's key is the same after it was kept, and its thumbprint is that of RFC 7638", async () => {
  const key = await AccountKey.make();
  const again = await AccountKey.read(await key.exported());
  assert.equal(again.thumbprint, key.thumbprint);
  assert.match(key.thumbprint, /^[\w-]{43}$/);
  await assert.rejects(AccountKey.read("{}"));
});

/** When an agent orders, waits and gives up, without a disk or a directory. */
import assert from "node:assert/strict";
import { AccountKey } from "../../../../src/control_plane/acme/account_key.ts";
import { AcmeAgent, type AcmeAgentParts } from "../../../../src/control_plane/acme/acme_agent.ts";
import { AcmeError } from "../../../../src/control_plane/acme/acme_error.ts";
import { LogRecorder } from "../../../support/log_recorder.ts";
import { ManualClock } from "../../../support/manual_clock.ts";
import { until } from "../../../support/poll.ts";
import { TestAuthority } from "../../../support/certificates.ts";

const CONFIG = {
  directory: "https://ca.test/dir",
  authorityFile: null,
  email: null,
  external: null,
  certificates: [["one.test"]],
  storage: "/storage",
};

/** A certificate with its key behind it, valid all through the year of the tests' clock. */
async function textFor(name: string): Promise<string> {
  await using authority = await TestAuthority.make();
  const dates = { notBefore: "20260101000000Z", notAfter: "20270101000000Z" };
  const { certificate, key } = await authority.issue({ names: [name], ...dates });
  return certificate + key;
}

class FakeStorage {
  text: string | null = null;
  failure: Error | null = null;
  isOwner = true;
  prepared = 0;

  prepare(): Promise<void> {
    this.prepared++;
    return this.failure === null ? Promise.resolve() : Promise.reject(this.failure);
  }
  own = () => Promise.resolve(this.isOwner);
  release = () => {};
  accountKey = () => AccountKey.make();
  certificate = () => Promise.resolve(this.text);
  keepCertificate = () => Promise.resolve();
  challenge = () => Promise.resolve(null);
  publish = () => Promise.resolve();
  withdraw = () => Promise.resolve();
}

/** An agent whose clock stands still, and whose directory refuses every request. */
class Stage {
  readonly storage = new FakeStorage();
  readonly log = new LogRecorder();
  readonly clock = new ManualClock();
  /** The machine's clock was set by so much. */
  jumpMs = 0;
  retryAfterMs: number | null = null;
  requests = 0;
  /** The directory. */
  send: AcmeAgentParts["send"] = () => Promise.reject(new AcmeError("down", { retryAfterMs: this.retryAfterMs }));
  readonly agent: AcmeAgent;

  constructor() {
    const { clock } = this;
    const parts: AcmeAgentParts = {
      config: CONFIG,
      storage: this.storage,
      clock: {
        wallMs: () => clock.wallMs() + this.jumpMs,
        monotonicMs: () => clock.monotonicMs(),
        after: (ms, run) => clock.after(ms, run),
        every: (ms, run) => clock.every(ms, run),
      },
      log: this.log,
      send: (url, init) => {
        this.requests++;
        return this.send(url, init);
      },
      random: () => 0,
    };
    this.agent = new AcmeAgent(parts);
  }

  async start(): Promise<void> {
    await this.agent.prepare();
    this.agent.run(() => {});
    await this.advance(0);
  }

  /** Moves time on in the steps in which the storage is looked at, and lets each look end. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left >= 0; left -= 2000) {
      this.clock.advance(Math.min(left, 2000));
      await until(() => this.clock.timers === 1, "the look to end");
    }
  }

  get view() {
    return this.agent.views()[0]!;
  }
}

Deno.test("an order that failed is tried again after a minute, and then after twice as long", async () => {
  const stage = new Stage();
  await stage.start();
  assert.equal(stage.requests, 1);
  assert.deepEqual(stage.view, {
    name: "one.test",
    state: "failed",
    orderedHere: true,
    error: "down",
    nextTryMs: 60_000,
  });
  await stage.advance(58_000);
  assert.equal(stage.requests, 1);
  await stage.advance(4000);
  assert.equal(stage.requests, 2);
  assert.ok(stage.view.nextTryMs! > 110_000);
});

Deno.test("a machine's clock that is set neither ends a wait nor prolongs it", async () => {
  const stage = new Stage();
  await stage.start();
  stage.jumpMs = 10 * 365 * 86_400_000;
  await stage.advance(30_000);
  assert.equal(stage.requests, 1, "the clock went ahead by ten years");
  stage.jumpMs = -stage.jumpMs;
  await stage.advance(34_000);
  assert.equal(stage.requests, 2, "the clock went back by ten years");
});

Deno.test("a damaged file in the storage is told of until it is sound, and the one before is served", async () => {
  const stage = new Stage();
  const text = await textFor("one.test");
  stage.storage.text = text;
  await stage.start();
  assert.equal(stage.view.state, "issued");
  stage.storage.text = text.slice(0, 200);
  await stage.advance(6000);
  assert.match(stage.view.error!, /^The stored certificate can't be used: There is no PEM block CERTIFICATE in it$/);
  assert.equal(stage.agent.pairs.length, 1);
  assert.equal(stage.log.messages("acme_storage_failed").length, 1, "logged once");
  stage.storage.text = text;
  await stage.advance(2000);
  assert.deepEqual([stage.view.state, stage.view.error, stage.requests], ["issued", null, 0]);
});

Deno.test("a replica that does not order tells of a damaged file until another brings a sound one", async () => {
  const stage = new Stage();
  stage.storage.isOwner = false;
  stage.storage.text = "-----BEGIN";
  await stage.start();
  assert.match(stage.view.error!, /^The stored certificate can't be used/);
  assert.equal(stage.view.state, "waiting");
  stage.storage.text = await textFor("one.test");
  await stage.advance(2000);
  assert.deepEqual([stage.view.state, stage.view.error, stage.requests], ["issued", null, 0]);
});

Deno.test("a certificate in the storage that is for another name is not served, but ordered again", async () => {
  const stage = new Stage();
  stage.storage.text = await textFor("other.test");
  await stage.start();
  assert.deepEqual([stage.agent.pairs.length, stage.requests], [0, 1]);
  assert.match(stage.log.messages("acme_storage_failed")[0]!, /It is not for one.test but for other\.test$/);
});

Deno.test("nothing is ordered while the disk is full, and at once when it is not", async () => {
  const stage = new Stage();
  stage.storage.failure = Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
  await stage.start();
  await stage.advance(10_000);
  assert.deepEqual([stage.view.state, stage.view.error], ["waiting", "The disk of ACME_STORAGE is full"]);
  assert.equal(stage.requests, 0);
  assert.equal(stage.log.messages("acme_storage_failed").length, 1);
  stage.storage.failure = null;
  await stage.advance(2000);
  assert.equal(stage.requests, 1);
});

Deno.test("a storage that can't be used for another reason ends the start", async () => {
  const stage = new Stage();
  stage.storage.failure = new Deno.errors.PermissionDenied("no");
  await assert.rejects(stage.agent.prepare(), Deno.errors.PermissionDenied);
});

Deno.test("a wait is never shorter than the directory asks for", async () => {
  const stage = new Stage();
  stage.retryAfterMs = 7_200_000;
  await stage.start();
  assert.equal(stage.view.nextTryMs, 7_200_000);
});

Deno.test("an order whose directory takes its time with each response ends after 10 minutes", async () => {
  const stage = new Stage();
  // Good for every request of an order.
  const all = {
    newNonce: "https://ca.test/nonce",
    newAccount: "https://ca.test/account",
    newOrder: "https://ca.test/order",
    status: "valid",
    authorizations: Array.from({ length: 100 }, (_, i) => `https://ca.test/authorization/${i}`),
    finalize: "https://ca.test/finalize",
    identifier: { value: "one.test" },
    challenges: [],
  };
  stage.send = () => {
    stage.clock.standStill(29_000);
    const headers = { "replay-nonce": "nonce", location: "https://ca.test/1" };
    return Promise.resolve(Response.json(all, { headers }));
  };
  await stage.start();
  assert.equal(stage.view.error, "The directory did not issue within 10 minutes");
  assert.equal(stage.requests, 21);
});

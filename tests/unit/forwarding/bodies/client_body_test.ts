import assert from "node:assert/strict";
import { ClientBody } from "../../../../src/forwarding/bodies/client_body.ts";
import { Failure } from "../../../../src/forwarding/gateway_error.ts";
import { BodyBroken, type BodySource, Superseded, UNANNOUNCED } from "../../../../src/http1/body_source.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A client's body, fed by hand. What it lends is written over by the next read. */
class Feed implements BodySource {
  readonly trailers = null;
  done = false;
  moved = 0;
  waiting = 0;
  readonly #queue: (Bytes | null | Error)[] = [];
  readonly #room = new Uint8Array(300_000);
  #length = -1;
  #given = 0;
  #asked = Promise.withResolvers<void>();
  #wake: (() => void) | null = null;

  body(length: number, maxBytes = 0): ClientBody {
    this.#length = length;
    return new ClientBody(this, {
      length,
      awaited: false,
      maxBytes,
      events: {
        bodyWaits: (begins) => void (this.waiting += begins ? 1 : -1),
        bodyMoved: (bytes) => void (this.moved += bytes),
      },
    });
  }

  async read(): Promise<Bytes | null> {
    this.#asked.resolve();
    if (this.#queue.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    const next = this.#queue.shift()!;
    if (next instanceof Error) throw next;
    if (next === null) {
      this.done = true;
      return null;
    }
    this.#given += next.length;
    this.done = this.#given === this.#length;
    this.#room.set(next);
    return this.#room.subarray(0, next.length);
  }

  /** Somebody waits for a piece that was not sent yet. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }
  send(text: string): void {
    this.#asked = Promise.withResolvers();
    this.#put(new TextEncoder().encode(text));
  }
  end(): void {
    this.#put(null);
  }
  fail(error: Error = new BodyBroken("left", "gone")): void {
    this.#put(error);
  }

  #put(piece: Bytes | null | Error): void {
    this.#queue.push(piece);
    this.#wake?.();
    this.#wake = null;
  }
}

/** Gives the body to an attempt, as it is given to the first one. */
async function given(body: ClientBody, last = false): Promise<ReturnType<ClientBody["next"]>> {
  return await body.arrive() ?? body.next(last);
}

function textOf(piece: Bytes | null): string {
  return piece === null ? "" : new TextDecoder().decode(piece);
}

async function reader(body: ClientBody, last = false): Promise<BodySource> {
  const got = await given(body, last);
  assert.ok(got !== null && !(got instanceof Uint8Array) && !(got instanceof Failure));
  return got;
}

/** Reads as a target's connection does: a piece is done with when the next is asked for. */
async function readAll(body: ReturnType<ClientBody["next"]>): Promise<string> {
  if (body === null) return "";
  if (body instanceof Uint8Array) return textOf(body);
  assert.ok(!(body instanceof Failure));
  let text = "";
  for (let piece = await body.read(); piece !== null; piece = await body.read()) text += textOf(piece);
  return text;
}

Deno.test("a small body that is there whole is given as bytes, to one attempt after another", async () => {
  const feed = new Feed();
  const body = feed.body(5);
  feed.send("hello");
  for (let i = 0; i < 2; i++) {
    const got = await given(body);
    assert.ok(got instanceof Uint8Array);
    assert.equal(await readAll(got), "hello");
  }
  assert.equal(feed.moved, 5);
  assert.equal(body.spent, false);
});

Deno.test("pieces that a failed attempt took are given to the next one again, then the rest", async () => {
  const feed = new Feed();
  const body = feed.body(-1);
  feed.send("ab");
  const first = await reader(body);
  assert.equal(textOf(await first.read()), "ab");
  const second = readAll(await given(body));
  feed.send("cd");
  feed.end();
  assert.equal(await second, "abcd");
  await assert.rejects(first.read(), Superseded);
});

Deno.test("a piece that comes while one attempt ends and the next begins is not lost", async () => {
  const feed = new Feed();
  const body = feed.body(-1);
  const first = await reader(body);
  const pending = assert.rejects(first.read(), Superseded);
  const next = given(body);
  feed.send("ab");
  const second = readAll(await next);
  feed.send("cd");
  feed.end();
  assert.equal(await second, "abcd");
  await pending;
});

Deno.test("another attempt need not wait for the piece that the last one had asked for, and gets it", async () => {
  const feed = new Feed();
  const body = feed.body(-1);
  const first = await reader(body);
  feed.send("ab");
  await first.read();
  const superseded = assert.rejects(first.read(), Superseded);
  await feed.asked;
  const next = await given(body);
  feed.send("cd");
  await superseded;
  const second = readAll(next);
  feed.send("ef");
  feed.end();
  assert.equal(await second, "abcdef");
});

Deno.test("an attempt gets all that was kept, also where more comes than is kept while it is being given", async () => {
  const feed = new Feed();
  const body = feed.body(-1);
  const first = await reader(body);
  const pieces = ["a", "b", "c", "d", "e", "f"].map((letter) => letter.repeat(65_000));
  for (const piece of pieces.slice(0, 4)) {
    feed.send(piece);
    await first.read();
  }
  const superseded = assert.rejects(first.read(), Superseded);
  await feed.asked;
  const next = await given(body);
  feed.send(pieces[4]!);
  await superseded;
  for (let i = 0; i < 20 && !body.spent; i++) await null;
  assert.equal(body.spent, true);
  const second = readAll(next);
  feed.send(pieces[5]!);
  feed.end();
  assert.equal(await second, pieces.join(""));
});

Deno.test("a body that has grown beyond what is kept is given to one attempt only", async () => {
  const feed = new Feed();
  const body = feed.body(-1);
  const first = await reader(body);
  for (let i = 0; i < 5; i++) {
    feed.send("x".repeat(65_536));
    await first.read();
  }
  assert.equal(body.spent, true);
  assert.ok(await given(body) instanceof Failure);
});

Deno.test("nothing is kept of a body for which no attempt can follow, and all of it is given", async () => {
  const feed = new Feed();
  const body = feed.body(5);
  feed.send("ab");
  const got = await reader(body, true);
  assert.equal(body.spent, false, "nothing was taken yet, and a connection may fail");
  assert.equal(textOf(await got.read()), "ab");
  assert.equal(body.spent, true);
  feed.send("cde");
  assert.equal(textOf(await got.read()), "cde");
  assert.equal(await got.read(), null);
});

Deno.test("a body is kept as long as what is held, not what came, is little", async () => {
  const feed = new Feed();
  const body = feed.body(-1);
  const got = await reader(body);
  for (let i = 0; i < 5_000; i++) {
    feed.send("x");
    await got.read();
  }
  assert.equal(body.spent, false, "single bytes are copied together");
  for (let i = 0; i < 7; i++) {
    feed.send("x".repeat(40_000));
    await got.read();
  }
  assert.equal(body.spent, true, "285,000 bytes are held");
});

Deno.test("a body that is given up ends the wait for it, and never looks whole", async () => {
  const late = new Failure("timeout", "Too late");
  const feed = new Feed();
  const body = feed.body(5);
  const waiting = given(body);
  body.giveUp(late);
  assert.equal(await waiting, late);

  const other = new Feed();
  const streamed = other.body(-1);
  const read = assert.rejects((await reader(streamed)).read(), late);
  streamed.giveUp(late);
  await read;
});

Deno.test("a body that breaks or grows too large is the client's failure", async () => {
  const malformed = new Feed();
  const cut = malformed.body(5);
  malformed.send("abc");
  malformed.fail(new BodyBroken("malformed", "The body ended early"));
  await assert.rejects(readAll(await given(cut)), { reason: "bad_request", detail: "The body ended early" });

  const broken = new Feed();
  broken.fail();
  assert.equal((await given(broken.body(5)) as Failure).reason, "client_closed");

  const large = new Feed();
  large.send("abcdef");
  await assert.rejects(readAll(await given(large.body(-1, 5))), { reason: "body_too_large" });
});

Deno.test("a body that nothing announced is none, or is whole", async () => {
  const none = new Feed();
  none.end();
  assert.equal(await given(none.body(UNANNOUNCED)), null);

  const some = new Feed();
  const body = some.body(UNANNOUNCED);
  some.send("ab");
  for (let i = 0; i < 2; i++) {
    const got = await given(body);
    if (i === 1) {
      some.send("cd");
      some.end();
      assert.equal(await readAll(got), "abcd");
    }
  }
});

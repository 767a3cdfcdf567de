import assert from "node:assert/strict";
import { Failure } from "../../../../src/forwarding/gateway_error.ts";
import { RequestBody, UNANNOUNCED } from "../../../../src/forwarding/bodies/request_body.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A client's body, fed by hand. */
class Feed {
  #controller!: ReadableStreamDefaultController<Bytes>;
  #asked = Promise.withResolvers<void>();
  readonly stream = new ReadableStream<Bytes>({
    start: (controller) => void (this.#controller = controller),
    pull: () => this.#asked.resolve(),
  }, { highWaterMark: 0 });
  readonly broken: Failure[] = [];
  moved = 0;
  waiting = 0;

  body(length: number, maxBytes = 0): RequestBody {
    return new RequestBody(this.stream, length, maxBytes, {
      waits: () => void this.waiting++,
      came: (bytes) => {
        this.waiting--;
        this.moved += bytes;
      },
      broken: (failure) => void this.broken.push(failure),
    });
  }
  /** Somebody waits for a piece that was not sent yet. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }
  send(text: string): void {
    this.#asked = Promise.withResolvers();
    this.#controller.enqueue(new TextEncoder().encode(text));
  }
  /** Sends some bytes of a larger buffer, as the platform does. */
  sendThin(length: number, bufferBytes: number): void {
    this.#controller.enqueue(new Uint8Array(bufferBytes).subarray(0, length));
  }
  end(): void {
    this.#controller.close();
  }
  fail(): void {
    this.#controller.error(new Error("gone"));
  }
}

/** Gives the body to an attempt, as it is given to the first one. */
async function given(body: RequestBody, last = false): Promise<Awaited<ReturnType<RequestBody["next"]>>> {
  const failure = body.readBytes === 0 ? await body.arrive() : null;
  return failure ?? body.next(last);
}

/** Reads as a target's connection does: a piece is done with when the next is asked for. */
async function readAll(body: unknown): Promise<string> {
  const decoder = new TextDecoder();
  if (body instanceof Uint8Array) return decoder.decode(body);
  let text = "";
  for await (const piece of body as ReadableStream<Bytes>) text += decoder.decode(piece, { stream: true });
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
  const first = (await given(body) as ReadableStream<Bytes>).getReader();
  assert.equal(await readAll((await first.read()).value), "ab");
  const second = readAll(await given(body));
  feed.send("cd");
  feed.end();
  assert.equal(await second, "abcd");
  await assert.rejects(first.read(), /Superseded/);
});

Deno.test("a piece that comes while one attempt ends and the next begins is not lost", async () => {
  const feed = new Feed();
  const body = feed.body(-1);
  const first = (await given(body) as ReadableStream<Bytes>).getReader();
  const pending = assert.rejects(first.read(), /Superseded/);
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
  const first = (await given(body) as ReadableStream<Bytes>).getReader();
  feed.send("ab");
  await first.read();
  const superseded = assert.rejects(first.read(), /Superseded/);
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
  const first = (await given(body) as ReadableStream<Bytes>).getReader();
  const pieces = ["a", "b", "c", "d", "e", "f"].map((letter) => letter.repeat(65_000));
  for (const piece of pieces.slice(0, 4)) {
    feed.send(piece);
    await first.read();
  }
  const superseded = assert.rejects(first.read(), /Superseded/);
  await feed.asked;
  const next = await given(body);
  feed.send(pieces[4]!);
  await superseded;
  assert.equal(body.spent, true);
  const second = readAll(next);
  feed.send(pieces[5]!);
  feed.end();
  assert.equal(await second, pieces.join(""));
});

Deno.test("a body that has grown beyond what is kept is given to one attempt only", async () => {
  const feed = new Feed();
  const body = feed.body(-1);
  const first = (await given(body) as ReadableStream<Bytes>).getReader();
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
  const got = await given(body, true) as ReadableStream<Bytes>;
  assert.equal(body.spent, false, "nothing was taken yet, and a connection may fail");
  const reader = got.getReader();
  assert.equal(await readAll((await reader.read()).value), "ab");
  assert.equal(body.spent, true);
  feed.send("cde");
  assert.equal(await readAll((await reader.read()).value), "cde");
  assert.equal((await reader.read()).done, true);
});

Deno.test("a body is kept as long as what is held, not what came, is little", async () => {
  const feed = new Feed();
  const body = feed.body(-1);
  const reader = (await given(body) as ReadableStream<Bytes>).getReader();
  for (let i = 0; i < 5_000; i++) {
    feed.sendThin(1, 65_536);
    await reader.read();
  }
  assert.equal(body.spent, false, "single bytes are copied together");
  for (let i = 0; i < 4; i++) {
    feed.sendThin(40_000, 65_536);
    await reader.read();
  }
  assert.equal(body.spent, true, "160,000 bytes hold 256 KiB");
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
  const reader = (await given(streamed) as ReadableStream<Bytes>).getReader();
  const read = assert.rejects(reader.read(), /Too late/);
  streamed.giveUp(late);
  await read;
});

Deno.test("a body that ends early, breaks or grows too large is the client's failure", async () => {
  const short = new Feed();
  const cut = short.body(5);
  short.send("abc");
  short.end();
  const stream = await given(cut);
  await assert.rejects(readAll(stream), /ended after 3 of 5 bytes/);
  assert.equal(short.broken[0]?.reason, "bad_request");

  const broken = new Feed();
  broken.fail();
  assert.equal((await given(broken.body(5)) as Failure).reason, "client_closed");

  const large = new Feed();
  large.send("abcdef");
  const tooLarge = await given(large.body(-1, 5));
  await assert.rejects(readAll(tooLarge), /larger than 5 bytes/);
  assert.equal(large.broken[0]?.reason, "body_too_large");
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

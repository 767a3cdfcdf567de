import assert from "node:assert/strict";
import { Dice } from "./dice.ts";
import { framed, fuzzPlan } from "./fuzz_plan.ts";
import { FuzzStream, StreamEnded } from "./fuzz_stream.ts";

/**
 * A target that knows of each request what it must look like, and responds as its plan says, in pieces cut at random.
 */
export class FuzzTarget {
  /** What was not as planned. */
  readonly faults: unknown[] = [];
  requests = 0;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<FuzzStream>();
  readonly #seed: number;
  readonly #ended: Promise<void>;

  constructor(seed: number) {
    this.#seed = seed;
    this.#ended = this.#accept();
  }

  get address(): string {
    return `127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  async close(): Promise<void> {
    this.#listener.close();
    for (const stream of this.#open) stream.close();
    await this.#ended;
  }

  async #accept(): Promise<void> {
    const running = new Set<Promise<void>>();
    try {
      for await (const conn of this.#listener) {
        const run = this.#serve(new FuzzStream(conn, new Dice(this.#seed + this.requests))).finally(() =>
          running.delete(run)
        );
        running.add(run);
      }
    } finally {
      await Promise.all(running);
    }
  }

  async #serve(stream: FuzzStream): Promise<void> {
    this.#open.add(stream);
    try {
      while (await this.#exchange(stream));
    } catch (error) {
      if (!(error instanceof StreamEnded)) this.faults.push(error);
    } finally {
      stream.close();
      this.#open.delete(stream);
    }
  }

  /** Reads a request and responds; false if the connection is over. */
  async #exchange(stream: FuzzStream): Promise<boolean> {
    const head = await stream.through("\r\n\r\n");
    this.requests++;
    const match = /^([A-Z]+) \/id\/(\d+) HTTP\/1\.1\r\n/.exec(head);
    assert.ok(match !== null, `no request: ${JSON.stringify(head)}`);
    const plan = fuzzPlan(this.#seed, Number(match[2]));
    const dice = new Dice(this.#seed + plan.id + 1);
    assert.equal(match[1], plan.method);
    assert.ok(head.includes(`\r\nX-Id: ${plan.id}\r\n`), `another's head: ${JSON.stringify(head)}`);
    assert.equal(/\r\nTransfer-Encoding: chunked\r\n/.test(head), plan.requestFraming === "chunked", head);
    assert.equal(/\r\nContent-Length: /.test(head), plan.requestFraming === "length", head);
    const read = async () => {
      if (plan.requestFraming === "chunked") {
        const { body, trailers } = await stream.chunks();
        assert.ok(body === plan.requestBody, `another's body at ${plan.id}: ${body.slice(0, 100)}`);
        assert.equal(trailers, plan.trailers);
      } else {
        const body = await stream.exactly(plan.requestBody.length);
        assert.ok(body === plan.requestBody, `another's body at ${plan.id}: ${body.slice(0, 100)}`);
      }
    };
    const early = plan.fault === "early";
    if (!early) await read();
    const closes = early || plan.responseFraming === "close";
    const framing = plan.responseFraming === "length"
      ? [`Content-Length: ${plan.responseBody.length}`]
      : plan.responseFraming === "chunked"
      ? ["Transfer-Encoding: chunked"]
      : [];
    if (plan.interim) await stream.write(`HTTP/1.1 103 Hints\r\nLink: ${plan.id}\r\n\r\n`);
    const lines = [`HTTP/1.1 ${plan.status} Of ${plan.id}`, ...framing, `X-Id: ${plan.id}`];
    if (closes) lines.push("Connection: close");
    const bodiless = plan.method === "HEAD" || plan.responseFraming === "none";
    const body = bodiless ? "" : framed(plan.responseFraming, plan.responseBody, { trailers: plan.trailers, dice });
    const text = `${lines.join("\r\n")}\r\n\r\n${body}`;
    if (plan.fault === "break") {
      await stream.write(text.slice(0, dice.below(text.length)));
      return false;
    }
    await stream.write(text);
    if (early) await read().catch((error) => assert.ok(error instanceof StreamEnded, String(error)));
    return !closes;
  }
}

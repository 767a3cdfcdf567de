import assert from "node:assert/strict";
import { Dice } from "./dice.ts";
import { framed, type FuzzPlan, fuzzPlan } from "./fuzz_plan.ts";
import { FuzzStream, StreamEnded } from "./fuzz_stream.ts";

/** How many exchanges of a connection ended how. */
export interface FuzzTally {
  whole: number;
  /** Broken off, or answered by sluice itself, as the plan had it. */
  broken: number;
  /** Behind the end of their connection: never answered. */
  unanswered: number;
}

/**
 * Sends the exchanges from `first` on, on one connection, all at once or one after the other; checks that each response
 * is its own.
 */
export async function fuzzConnection(
  port: number,
  { seed, first, count, tally }: {
    readonly seed: number;
    readonly first: number;
    readonly count: number;
    readonly tally: FuzzTally;
  },
): Promise<void> {
  const dice = new Dice(seed + first + 2);
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const stream = new FuzzStream(conn, dice);
  const plans = Array.from({ length: count }, (_, i) => fuzzPlan(seed, first + i));
  const pipelines = dice.oneIn(2);
  let done = 0;
  try {
    if (pipelines) {
      // Whoever leaves does so at some place of all this.
      const leaves = plans.some(({ fault }) => fault === "leave");
      const all = plans.map((plan) => requestText(plan, dice)).join("");
      const text = leaves ? all.slice(0, dice.below(all.length)) : all;
      const sent = stream.write(text).then(() => leaves && stream.close(), () => {});
      for (const plan of plans) {
        await checkResponse(stream, plan, tally);
        done++;
        if (endsConnection(plan)) break;
      }
      await sent;
    } else {
      for (const plan of plans) {
        const text = requestText(plan, dice);
        if (plan.fault === "leave") {
          await stream.write(text.slice(0, dice.below(text.length)));
          break;
        }
        // A response may come before its request was sent, and end the connection.
        const sent = stream.write(text).catch(() => {});
        await checkResponse(stream, plan, tally);
        await sent;
        done++;
        if (endsConnection(plan)) break;
      }
    }
  } catch (error) {
    if (!(error instanceof StreamEnded)) throw error;
    // Only a plan that has it so ends a connection: that of the exchange under way, or a client's own leaving.
    const plan = plans[done];
    const left = plans.some(({ fault }) => fault === "leave");
    assert.ok(
      left || plan === undefined || plan.fault !== "none",
      `the connection ended in ${plan?.id}: ${error.message}`,
    );
  } finally {
    stream.close();
    tally.unanswered += count - done;
  }
}

function endsConnection({ fault, minor }: FuzzPlan): boolean {
  return fault !== "none" || minor === 0;
}

function requestText(plan: FuzzPlan, dice: Dice): string {
  const { id, method, minor, requestFraming, requestBody, trailers } = plan;
  const lines = [`${method} /id/${id} HTTP/1.${minor}`, "Host: fuzz.test", `X-Id: ${id}`, "TE: trailers"];
  if (requestFraming === "length") lines.push(`Content-Length: ${requestBody.length}`);
  if (requestFraming === "chunked") lines.push("Transfer-Encoding: chunked");
  if (dice.oneIn(5)) lines.push(`X-Filler: ${"f".repeat(dice.below(4_000))}`);
  return `${lines.join("\r\n")}\r\n\r\n${framed(requestFraming, requestBody, { trailers, dice })}`;
}

/** Reads a response and checks that it is the plan's. */
async function checkResponse(stream: FuzzStream, plan: FuzzPlan, tally: FuzzTally): Promise<void> {
  const { id } = plan;
  let head = await stream.through("\r\n\r\n");
  while (head.startsWith("HTTP/1.1 1")) {
    assert.equal(head, `HTTP/1.1 103 Hints\r\nLink: ${id}\r\n\r\n`);
    assert.ok(plan.interim && plan.minor === 1);
    head = await stream.through("\r\n\r\n");
  }
  if (plan.fault === "break" && head.startsWith("HTTP/1.1 502 ")) {
    await stream.exactly(Number(/\r\nContent-Length: (\d+)\r\n/i.exec(head)![1]));
    tally.broken++;
    return;
  }
  assert.ok(head.startsWith(`HTTP/1.1 ${plan.status} Of ${id}\r\n`), `not the response of ${id}: ${head}`);
  assert.ok(head.includes(`\r\nX-Id: ${id}\r\n`), head);
  const length = /\r\nContent-Length: (\d+)\r\n/.exec(head);
  let body = "";
  let trailers: string | null = null;
  if (plan.method !== "HEAD" && plan.responseFraming !== "none") {
    // A body that ends with its connection, on either side, is whole wherever it ends.
    if (plan.fault === "break" && (plan.responseFraming === "close" || plan.minor === 0)) {
      body = plan.minor === 1 ? (await stream.chunks()).body : await stream.rest();
      assert.ok(plan.responseBody.startsWith(body), `another's body in ${id}: ${body.slice(0, 100)}`);
      tally.broken++;
      return;
    }
    if (length !== null) body = await stream.exactly(Number(length[1]));
    else if (/\r\nTransfer-Encoding: chunked\r\n/.test(head)) ({ body, trailers } = await stream.chunks());
    else body = await stream.rest();
    assert.ok(
      body === plan.responseBody,
      `another's body in ${id}: ${body.length} of ${plan.responseBody.length}: ${body.slice(0, 100)}`,
    );
    if (trailers !== null && plan.responseFraming === "chunked") assert.equal(trailers, plan.trailers);
  }
  tally.whole++;
}

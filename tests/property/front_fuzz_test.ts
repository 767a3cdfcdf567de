/** The readers of heads and bodies against another reader, over requests that were changed at random. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { RequestHandler } from "../../src/front/front.ts";
import type { WireRequest } from "../../src/front/wire/wire_request.ts";
import { BodyBroken } from "../../src/http1/body_source.ts";
import { Dice } from "../support/dice.ts";
import { FedConnections } from "../support/fed_connection.ts";
import { mutatedRequests } from "../support/request_mutations.ts";
import { type OracleRequest, readAll } from "../support/request_oracle.ts";
import { SEED } from "../support/seed.ts";

/** Mutated requests; `deno task fuzz` sends a million. */
const REQUESTS = Number(Deno.env.get("SLUICE_TEST_FUZZ_REQUESTS") ?? 20_000);

/** A request as sluice understood it. */
interface Seen extends Omit<OracleRequest, "end" | "keepAlive"> {
  readonly end: "whole" | "broken" | "unread";
}

Deno.test(`${REQUESTS} mutated requests mean the same to sluice as to another reader, however cut`, async () => {
  const dice = new Dice(SEED);
  let seen: Seen[] = [];
  let refused = 0;
  const handler: RequestHandler = {
    async handle(request, reply) {
      const lines: [string, string][] = [];
      for (let i = 0; i < request.lines.count; i++) lines.push([request.lines.name(i), request.lines.value(i)]);
      const { method, target } = request;
      let body = "";
      let end: Seen["end"] = "whole";
      if (request.body !== null && dice.oneIn(8)) end = "unread";
      else if (request.body !== null) {
        try {
          for (let piece = await request.body.read(); piece !== null; piece = await request.body.read()) {
            body += Buffer.from(piece).toString("latin1");
          }
        } catch (error) {
          assert.ok(error instanceof BodyBroken, String(error));
          end = "broken";
        }
      }
      const trailers = request.body?.trailers == null ? "" : Buffer.from(request.body.trailers).toString("latin1");
      seen.push({ method, target, minor: (request as WireRequest).minor, lines, body, trailers, end });
      const text = new TextEncoder().encode(`${seen.length} ${method}`);
      const status = end === "broken" ? 400 : 200;
      const known = (request as WireRequest).minor === 0 || dice.oneIn(2);
      reply.head({
        status,
        phrase: null,
        lines: null,
        own: known ? [["Content-Length", String(text.length)]] : [],
        bodyLength: known ? text.length : -1,
      });
      if (dice.oneIn(2)) await reply.write(text.subarray(0, 1));
      else return await reply.end(text);
      await reply.end(text.subarray(1));
    },
    async refuse(_unreadable, reply) {
      refused++;
      reply.head({ status: 400, phrase: null, lines: null, own: [["Content-Length", "0"]], bodyLength: 0 });
      await reply.end();
    },
  };
  const connections = new FedConnections(handler);
  for (let sent = 0; sent < REQUESTS;) {
    const { text, requests } = mutatedRequests(dice);
    sent += requests;
    seen = [];
    refused = 0;
    const written = await connections.serve(dice.cut(text));
    try {
      assert.deepEqual(connections.faults, []);
      assert.equal(connections.open, 0);
      check(text, { seen, refused, written });
    } catch (error) {
      throw new Error(`With seed ${SEED}, request ${sent}: ${JSON.stringify(text)}`, { cause: error });
    }
  }
  const { count, closed } = connections.table.clients();
  const closedInAll = Object.values(closed).reduce((sum, each) => sum + each, 0);
  assert.deepEqual([count("open"), count("idle"), closedInAll], [0, 0, count("accepted")]);
  assert.equal(closed.worker_lost + closed.shutdown, 0);
});

function check(
  text: string,
  { seen, refused, written }: { readonly seen: readonly Seen[]; readonly refused: number; readonly written: string },
): void {
  const { requests, then } = readAll(text);
  for (const [i, one] of seen.entries()) {
    const other = requests[i];
    assert.ok(other !== undefined, `a request that nobody sent: ${one.method} ${one.target}`);
    const { body, end, ...head } = one;
    const { body: otherBody, end: otherEnd, keepAlive: _, ...otherHead } = other;
    if (end === "unread") {
      assert.deepEqual({ ...head, trailers: "" }, { ...otherHead, trailers: "" });
      continue;
    }
    assert.deepEqual(head, otherHead);
    assert.equal(end, otherEnd === "whole" ? "whole" : "broken");
    if (end === "whole") assert.equal(body, otherBody);
    else assert.ok(otherBody.startsWith(body), "bytes that are none of its body");
  }
  // A request whose body nobody read may be the connection's last.
  if (seen.at(-1)?.end !== "unread") assert.equal(seen.length, requests.length, "requests");
  if (seen.length === requests.length && then !== "part" && seen.at(-1)?.end !== "unread") {
    assert.equal(refused, then === "refused" ? 1 : 0, "a refusal");
  }
  checkResponses(written, seen, refused);
}

/** Every response is its own, in its order, and nothing stands between them. */
function checkResponses(written: string, seen: readonly Seen[], refused: number): void {
  let rest = written;
  for (const [i, { method, minor, end }] of seen.entries()) {
    const head = /^HTTP\/1\.1 (\d+) [^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(rest);
    assert.ok(head !== null, `no response ${i}: ${JSON.stringify(rest)}`);
    assert.equal(head[1], end === "broken" ? "400" : "200");
    rest = rest.slice(head[0].length);
    if (method === "HEAD") continue;
    const text = `${i + 1} ${method}`;
    const chunked = head[0].includes("\r\nTransfer-Encoding: chunked\r\n");
    assert.ok(!chunked || minor === 1, "chunks for HTTP/1.0");
    const bodies = chunked
      ? [1, text.length].map((cut) =>
        [text.slice(0, cut), text.slice(cut)].filter((part) => part !== "")
          .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("") + "0\r\n\r\n"
      )
      : [text];
    const body = bodies.find((one) => rest.startsWith(one));
    assert.ok(body !== undefined, `not the response of ${i + 1}: ${JSON.stringify(rest)}`);
    rest = rest.slice(body.length);
  }
  if (refused > 0) {
    assert.match(rest, /^HTTP\/1\.1 400 [^]*\r\n\r\n$/);
    assert.match(rest, /\r\nConnection: close\r\n/);
  } else {
    assert.equal(rest, "");
  }
}

import assert from "node:assert/strict";
import fc from "fast-check";
import { Malformed } from "../../src/http1/malformed.ts";
import { readResponseIn } from "../support/read_response.ts";
import "../support/seed.ts";

const byteText = fc.uint8Array({ maxLength: 60 }).map((bytes) => String.fromCharCode(...bytes));
const valueText = byteText.map((text) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, "x").trim());
const name = fc.stringMatching(/^[A-Za-z!#$%&'*+.^_`|~-]{1,12}$/).filter((each) =>
  !/^(content-length|transfer-encoding|connection)$/i.test(each)
);
const fields = fc.array(fc.tuple(name, valueText, fc.constantFrom("", " ", "\t ")), { maxLength: 8 });
const extension = fc.constantFrom("", ";a", ' ;a="b"', ";x=1;y");

/** A valid answer, and what it says. */
const valid = fc.record({
  status: fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304),
  fields,
  chunks: fc.array(fc.tuple(byteText.filter((text) => text !== ""), extension), { maxLength: 6 }),
  chunked: fc.boolean(),
  trailers: fields,
}).map(({ status, fields, chunks, chunked, trailers }) => {
  const lines = fields.map(([key, value, space]) => `${key}:${space}${value}${space}\r\n`).join("");
  const body = chunks.map(([data]) => data).join("");
  const rest = trailers.map(([key, value]) => `${key}: ${value}\r\n`).join("");
  const sent = chunked
    ? `${chunks.map(([data, more]) => `${data.length.toString(16)}${more}\r\n${data}\r\n`).join("")}0\r\n${rest}\r\n`
    : body;
  const framing = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`;
  return {
    status,
    fields: fields.map(([key, value]) => [key.toLowerCase(), value]),
    body,
    text: `HTTP/1.1 ${status} X\r\n${lines}${framing}\r\n\r\n${sent}`,
  };
});

/** Cuts a text at random places. */
function cut(text: string, places: readonly number[]): string[] {
  const at = [0, ...places.map((place) => place % (text.length + 1)), text.length].sort((a, b) => a - b);
  return at.slice(1).map((end, i) => text.slice(at[i], end));
}

const places = fc.array(fc.nat(), { maxLength: 12 });

Deno.test("any valid answer is read as what it says, however it is split, and what follows it is left alone", () => {
  fc.assert(
    fc.property(valid, places, byteText, (answer, at, behind) => {
      const read = readResponseIn(cut(answer.text + behind, at));
      assert.ok(read !== "more");
      const seen: string[][] = [];
      read.head.forEach((value, key) => seen.push([key, value]));
      assert.deepEqual(seen.slice(0, -1), answer.fields);
      assert.deepEqual([read.head.status, read.body, read.whole], [answer.status, answer.body, true]);
      assert.equal(read.taken, answer.text.length);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("whatever comes as a response is refused or read alike however split, never beyond its end", () => {
  const mutation = fc.tuple(fc.nat(), fc.constantFrom("set", "cut", "add"), fc.nat({ max: 255 }));
  const outcome = (pieces: string[]) => {
    try {
      return readResponseIn(pieces);
    } catch (error) {
      assert.ok(error instanceof Malformed);
      return "bad";
    }
  };
  fc.assert(
    fc.property(valid, fc.array(mutation, { minLength: 1, maxLength: 3 }), places, (answer, mutations, at) => {
      let text = answer.text;
      for (const [place, how, byte] of mutations) {
        const i = place % text.length;
        text = text.slice(0, i) + (how === "cut" ? "" : String.fromCharCode(byte)) +
          text.slice(how === "add" ? i : i + 1);
      }
      const whole = outcome([text]);
      assert.deepEqual(outcome(cut(text, at)), whole);
      if (whole === "bad" || whole === "more" || !whole.whole) return;
      // Without what stands behind its end it is the same answer: nothing of that was looked at.
      assert.deepEqual(outcome([text.slice(0, whole.taken)]), whole);
      assert.deepEqual(outcome([text.slice(0, whole.taken), "HTTP/1.1 200 forged\r\n\r\n"]), whole);
    }),
    { numRuns: 3000 },
  );
});

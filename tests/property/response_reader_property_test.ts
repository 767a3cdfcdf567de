import assert from "node:assert/strict";
import fc from "fast-check";
import { ResponseReader } from "../../src/tools/response_reader.ts";
import "../support/seed.ts";

const encoder = new TextEncoder();

const framed = fc.array(fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 40 }), { maxLength: 5 }).chain((
  parts,
) =>
  fc.constantFrom(
    `HTTP/1.1 200 OK\r\nX-Served-By: a\r\nContent-Length: ${parts.join("").length}\r\n\r\n${parts.join("")}`,
    `HTTP/1.1 200 OK\r\nX-Served-By: a\r\nTransfer-Encoding: chunked\r\n\r\n` +
      parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("") + "0\r\nT: v\r\n\r\n",
  )
);

Deno.test("an answer ends at the same byte however the network cuts it into pieces", () => {
  fc.assert(
    fc.property(fc.array(framed, { minLength: 1, maxLength: 3 }), fc.infiniteStream(fc.nat(7)), (answers, cuts) => {
      const reader = new ResponseReader();
      for (const answer of answers) {
        const bytes = encoder.encode(answer);
        const buffer = new Uint8Array(16);
        reader.expect("GET");
        let at = 0;
        while (at < bytes.length) {
          const size = Math.min(1 + cuts.next().value!, bytes.length - at);
          buffer.set(bytes.subarray(at, at + size));
          at += size;
          // The buffer is used again, as a socket's is.
          assert.equal(reader.push(buffer.subarray(0, size)), at === bytes.length);
        }
        assert.deepEqual([reader.status, reader.servedBy, reader.reusable], [200, "a", true]);
      }
    }),
  );
});

Deno.test("no bytes make the reader of answers fail otherwise than by saying so", () => {
  const piece = fc.constantFrom(
    "HTTP/1.1 200 OK\r\n",
    "Content-Length: ",
    "5\r\n",
    "\r\n",
    "0",
    "Transfer-Encoding: chunked\r\n",
    "x",
  );
  fc.assert(fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 12 }), (pieces) => {
    const reader = new ResponseReader();
    reader.expect("GET");
    try {
      for (const text of pieces) if (text !== "" && reader.push(encoder.encode(text))) return;
    } catch (error) {
      assert.equal((error as Error).name, "Malformed");
    }
  }));
});

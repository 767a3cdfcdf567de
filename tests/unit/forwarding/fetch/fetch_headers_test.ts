import assert from "node:assert/strict";
import { fetchHeaders } from "../../../../src/forwarding/fetch/fetch_headers.ts";
import { TextLines } from "../../../../src/http1/field_lines.ts";

function sent(lines: [string, string][], own: [string, string][] = []): [string, string][] {
  const text = new TextLines();
  for (const [name, value] of lines) text.add(name, value);
  return Object.entries(fetchHeaders({ host: "a:1", lines: text, own }));
}

Deno.test("a request on its way through fetch has what fetch wants, and two lines of one name stay two", () => {
  assert.deepEqual(sent([["accept-encoding", "br"], ["x-a", "b"], ["expect", "100-continue"]], [["Via", "1.1 me"]]), [
    ["host", "a:1"],
    ["accept-encoding", "identity"],
    ["Accept-encoding", "br"],
    ["x-a", "b"],
    ["via", "1.1 me"],
    ["user-agent", ""],
  ]);
  assert.deepEqual(sent([["user-agent", "it/1"], ["__proto__", "x"]]), [
    ["host", "a:1"],
    ["accept-encoding", "identity"],
    ["user-agent", "it/1"],
    ["__proto__", "x"],
  ]);
});

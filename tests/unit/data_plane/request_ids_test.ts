import assert from "node:assert/strict";
import { RequestIds } from "../../../src/data_plane/request_ids.ts";

Deno.test("requests that bring no id get the numbers from 0 on, in base 36", () => {
  const ids = new RequestIds("a-");
  for (let i = 0; i < 100_000; i++) assert.equal(ids.next(), `a-${i.toString(36)}`);
});

import assert from "node:assert/strict";
import { changeFaults, faultsFromEnvironment } from "../../../src/tools/mock_faults.ts";

Deno.test("a change of faults keeps what it does not name and null switches a fault off", () => {
  const changed = changeFaults({ delayMs: 5, hang: true, errorCode: 503 }, { hang: null, jitterMs: 2 });
  assert.deepEqual(changed, { faults: { delayMs: 5, errorCode: 503, jitterMs: 2 } });
});

Deno.test("a wrong change of faults says each problem and takes nothing", () => {
  const changed = changeFaults({}, { delayMs: -1, errorRate: 2, errorCode: "x", dealyMs: 4, hang: "yes" });
  assert.ok("problems" in changed);
  assert.deepEqual(
    [...changed.problems].sort(),
    [
      'Cannot use "x" as errorCode: it must be a status, 200 to 599',
      'Cannot use "yes" as hang: it must be true or false',
      "Cannot use -1 as delayMs: it must be milliseconds, 0 to 86400000",
      "Cannot use 2 as errorRate: it must be a share, 0 to 1",
      'Unknown fault "dealyMs"',
    ].sort(),
  );
  for (const wanted of [undefined, null, [], "x", 3]) {
    assert.deepEqual(changeFaults({}, wanted), { problems: ["A change of faults must be a JSON object"] });
  }
});

Deno.test("the mock's variables become faults, and a wrong one is named (A58, A59)", () => {
  assert.deepEqual(faultsFromEnvironment({ MOCK_DELAY_MS: "100", MOCK_ERROR_CODE: "500", MOCK_HEALTH_CODE: "" }), {
    faults: { delayMs: 100, errorCode: 500 },
  });
  assert.deepEqual(faultsFromEnvironment({ MOCK_DELAY_MS: "soon", MOCK_HEALTH_CODE: "99" }), {
    problems: [
      'Cannot use "soon" as MOCK_DELAY_MS: it must be milliseconds, 0 to 86400000',
      'Cannot use "99" as MOCK_HEALTH_CODE: it must be a status, 200 to 599',
    ],
  });
});

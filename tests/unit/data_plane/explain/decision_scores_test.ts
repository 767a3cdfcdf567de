import assert from "node:assert/strict";
import type { CandidateList } from "../../../../src/balancing/algorithm.ts";
import { captureScores, giveBackScores } from "../../../../src/data_plane/explain/decision_scores.ts";
import type { GroupSnapshot } from "../../../../src/state/group_snapshot.ts";

Deno.test("scores that wait to be borrowed again hold no key and no snapshot", () => {
  const candidates = { table: {}, slots: [], targets: [], count: 0 } as unknown as CandidateList;
  const group = {} as GroupSnapshot;
  const scores = captureScores(candidates, { group, target: null, key: "k".repeat(60_000), pinned: null });
  assert.equal(scores.group, group);
  giveBackScores(scores);
  assert.deepEqual([scores.key, scores.candidates, scores.group, scores.pinned, scores.behind], [
    "",
    null,
    null,
    null,
    null,
  ]);
});

import { type Problem, problemOf } from "../config_error.ts";
import { anyText } from "../values/value_kind.ts";
import type { Scene, Topic } from "./topic.ts";
import { unusedByAlgorithm } from "./unused.ts";
import { define } from "./variable.ts";

/** One list of targets, for one group and one rule. */
export const BACKEND_LIST = {
  targets: define("BACKEND_SERVERS", {
    kind: anyText("list of targets"),
    meaning: "The backend list: one group `backends` with these targets, and one rule `/`.",
    example: "http://localhost:5001,http://localhost:5002",
  }),
  weights: define("BACKEND_WEIGHTS", {
    kind: anyText("list of weights"),
    meaning: "Weights of the backend list, as in `TARGET_GROUP_<N>_WEIGHTS`; default 1.",
    example: "localhost:5001:1,localhost:5002:3",
    exampleNeeds: { BACKEND_SERVERS: "localhost:5001,localhost:5002" },
  }),
};

function adviceOnWeights(scene: Scene): Problem[] {
  if (scene.config.door === "backend_list") {
    return unusedByAlgorithm([BACKEND_LIST.weights], (each) => each.usesWeights, scene);
  }
  const found = scene.reader.find(BACKEND_LIST.weights);
  return found === null ? [] : [problemOf(found.label, "Has no effect without BACKEND_SERVERS")];
}

export const BACKEND_LIST_TOPIC: Topic = {
  name: "backend list",
  variables: BACKEND_LIST,
  adviceOn: adviceOnWeights,
};

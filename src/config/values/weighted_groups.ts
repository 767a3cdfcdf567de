import { quote } from "../../logging/shown_text.ts";
import type { WeightedGroup } from "../rule_action.ts";
import { Refusal, splitList, type ValueKind } from "./value_kind.ts";

/** The highest weight of a group, as with an ALB. */
const MOST_WEIGHT = 999;

/** A target group's name, or a comma list of `name:weight`. */
export const WEIGHTED_GROUPS: ValueKind<readonly WeightedGroup[]> = {
  words: "name, or names with weights",
  parse: (text) => {
    const weighted: WeightedGroup[] = [];
    for (const piece of splitList(text)) {
      const [, name = piece, digits = "1"] = /^(.+?)\s*:\s*(\d+)$/.exec(piece) ?? [];
      const weight = Number(digits);
      if (weight > MOST_WEIGHT) {
        return new Refusal(
          `names with weights of 0 to ${MOST_WEIGHT}, such as blue:90,green:10 (${quote(piece)} is not)`,
        );
      }
      if (weighted.some((each) => each.name === name)) {
        return new Refusal(`a list that names each group once (${quote(name)} is there twice)`);
      }
      weighted.push({ name, weight });
    }
    if (weighted.length === 0) return new Refusal("the name of a target group, or names with weights");
    if (weighted.every(({ weight }) => weight === 0)) {
      return new Refusal("a list with a weight above 0 for at least one group");
    }
    return weighted;
  },
  format: (groups) =>
    groups.length === 1 && groups[0]!.weight === 1
      ? groups[0]!.name
      : groups.map(({ name, weight }) => `${name}:${weight}`).join(","),
};

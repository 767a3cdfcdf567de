import { addTo, type Collector } from "../output/collector.ts";
import type { Origin, Setting } from "../output/imported.ts";
import { type Directive, originOf } from "./directives.ts";
import { type Blocks, effective } from "./values.ts";

/** Directives that keep clients out, and that sluice has in no form that can be written here. */
const GUARDS = ["auth_request", "auth_jwt", "internal", "limit_except", "secure_link", "ssl_verify_client"];
const MIXED_LISTS = "sluice has one list, of those allowed or of those denied";

/** What keeps clients out of a location and could not be carried over. */
export function lostGuard(blocks: Blocks, found: Collector): Origin | undefined {
  const [guard] = GUARDS.flatMap((name) => effective(blocks, name)).filter((each) => each.args[0] !== "off");
  const lists = found.leftOut.find((each) =>
    each.text === MIXED_LISTS &&
    ["allow", "deny"].some((name) => effective(blocks, name).some((one) => originOf(one).place === each.origin.place))
  );
  return guard === undefined ? lists?.origin : originOf(guard);
}

/** `allow` and `deny`: sluice has a list of those who may, or of those who may not. */
export function readAccess(blocks: Blocks, settings: Setting[], found: Collector): void {
  const block = blocks.find((each) => each.some(({ name }) => name === "allow" || name === "deny")) ?? [];
  const lines = block.filter(({ name }) => name === "allow" || name === "deny");
  const last = lines.at(-1);
  if (last === undefined) return;
  const others = lines.slice(0, -1);
  const allowed = last.name === "deny" && last.args[0] === "all" && others.every((each) => each.name === "allow");
  const denied = lines.every((each) => each.name === "deny" || each === last && each.args[0] === "all");
  if (allowed && others.length > 0) others.concat(last).forEach((each) => list("ALLOW", each));
  else if (denied) lines.forEach((each) => each.name === "deny" ? list("DENY", each) : needless(each));
  else lines.forEach((each) => found.lose(originOf(each), MIXED_LISTS));

  function list(name: "ALLOW" | "DENY", each: Directive) {
    const address = each.args[0] ?? "";
    if (address === "all" && name === "ALLOW") settings.find((one) => one.name === name)!.from.push(originOf(each));
    else {for (const cidr of address === "all" ? ["0.0.0.0/0", "::/0"] : [address]) {
        addTo(settings, name, cidr, originOf(each), ",");
      }}
  }
  function needless(each: Directive) {
    found.needless(originOf(each), "all others are allowed");
  }
}

import type { Collector } from "../output/collector.ts";
import type { Setting } from "../output/imported.ts";
import { originOf } from "./directives.ts";
import { type Blocks, effective } from "./values.ts";

/** Reads how many requests a client may send, and the file of users. */
export function readLimits(blocks: Blocks, settings: Setting[], found: Collector): void {
  const zones = [...effective(blocks, "limit_req_zone"), ...effective(blocks, "limit_conn_zone")];
  const zone = (name: string) => zones.find((each) => each.args.some((arg) => arg.startsWith(`zone=${name}:`)));
  const [first, ...more] = effective(blocks, "limit_req");
  if (first !== undefined) {
    const limits = zone(/zone=([^\s]+)/.exec(first.args.join(" "))?.[1] ?? "");
    const rate = /rate=(\d+)r\/([sm])/.exec(limits?.args.join(" ") ?? "");
    const burst = /burst=(\d+)/.exec(first.args.join(" "))?.[1];
    if (rate === null || limits === undefined) found.lose(originOf(first), "no limit_req_zone of this name has a rate");
    else {
      const value = `${rate[1]}/${rate[2]}${burst === undefined ? "" : ` burst ${burst}`}`;
      settings.push({ name: "RATE_LIMIT", value, from: [originOf(first), originOf(limits)] });
      const key = limits.args[0] ?? "";
      if (!/remote_addr/.test(key)) found.lose(originOf(limits), `RATE_LIMIT_KEY is the client's address, not ${key}`);
    }
  }
  for (const each of more) found.lose(originOf(each), "a rule of sluice's has one rate");
  for (const each of effective(blocks, "limit_conn")) {
    found.lose(
      originOf(each),
      "sluice limits connections by LISTENER_MAX_CONNECTIONS_PER_CLIENT for all rules together",
    );
  }
  for (const each of effective(blocks, "auth_basic_user_file")) {
    settings.push({ name: "BASIC_AUTH_FILE", value: each.args[0] ?? "", from: [originOf(each)] });
  }
}

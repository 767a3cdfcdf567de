import { rawExchange } from "./raw_client.ts";
import type { RawResponse } from "./raw_message.ts";
import { RecorderTarget } from "./recorder_target.ts";

/** What is asked of sluice for `shop.example`, unless it says otherwise. */
export interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly host?: string;
  readonly lines?: readonly string[];
}

/** Asks once, on a connection of its own. */
export function ask(
  url: string,
  { path = "/", method = "GET", host = "shop.example", lines = [] }: Asked,
): Promise<RawResponse> {
  const head = [`${method} ${path} HTTP/1.1`, `Host: ${host}`, "Connection: close", ...lines, "", ""];
  return rawExchange(url, head.join("\r\n"), method);
}

/** Groups by name with one target each, and rules by their numbers; names without `LISTENER_RULE_`. */
export function ruleEnvironment(
  groups: Readonly<Record<string, string>>,
  rules: Readonly<Record<string, string>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [index, [name, targets]] of Object.entries(groups).entries()) {
    env[`TARGET_GROUP_${index + 1}_NAME`] = name;
    env[`TARGET_GROUP_${index + 1}_TARGETS`] = targets;
  }
  for (const [name, value] of Object.entries(rules)) env[`LISTENER_RULE_${name}`] = value;
  return env;
}

/** Two targets with their names as groups. */
export async function startTwo(): Promise<{ blue: RecorderTarget; green: RecorderTarget } & AsyncDisposable> {
  const blue = await RecorderTarget.start();
  const green = await RecorderTarget.start();
  return {
    blue,
    green,
    async [Symbol.asyncDispose]() {
      await blue[Symbol.asyncDispose]();
      await green[Symbol.asyncDispose]();
    },
  };
}

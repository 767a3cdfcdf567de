import { type SluiceProcess, startSluice } from "./sluice_process.ts";

/** Starts sluice before one target, or several. */
export function before(targets: string, env: Record<string, string> = {}): Promise<SluiceProcess> {
  return startSluice({
    env: {
      TARGET_GROUP_1_NAME: "chat",
      TARGET_GROUP_1_TARGETS: targets,
      LISTENER_RULE_1_PATH_PREFIX: "/",
      LISTENER_RULE_1_TARGET_GROUP: "chat",
      ...env,
    },
  });
}

/** The listener's URL for WebSockets. */
export function socketUrl(sluice: SluiceProcess, path = "/"): string {
  return sluice.url.replace("http:", "ws:") + path;
}

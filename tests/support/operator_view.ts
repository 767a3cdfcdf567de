import type { SluiceProcess } from "./sluice_process.ts";

/** Effective values, as `/config` shows them. */
export async function effectiveValues(sluice: SluiceProcess, ...names: string[]): Promise<string[]> {
  const { settings } = await sluice.adminJson("/config");
  return names.map((name) => settings.find((each: { name: string }) => each.name === name)?.value);
}

/** Waits for the log to say that a target (`address:port`) is in a state (and came from another, if given). */
export function untilTargetState(sluice: SluiceProcess, target: string, to: string, from?: string): Promise<unknown> {
  return sluice.waitForEvent(
    (line) =>
      line.event === "target_state" && line.target === target && line.to === to &&
      (from === undefined || line.from === from),
    `${target} to be ${to}`,
  );
}

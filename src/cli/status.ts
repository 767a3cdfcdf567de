import type { Stats } from "../admin/stats_model.ts";
import type { ParseResult } from "../config/parse_config.ts";
import { type Clock, delay } from "../time/clock.ts";
import { adminDoor, AdminUnreachable, askAdminJson } from "./admin_door.ts";
import { statusText } from "./status_text.ts";
import { listenForStop } from "./stop_signal.ts";
import { complain, draw, print } from "./terminal.ts";

/** The flags of `status`, beside those of the sources. */
export interface StatusFlags {
  readonly admin?: string;
  readonly json?: boolean;
  /** Again and again, each second, until SIGINT or SIGTERM. */
  readonly watch?: boolean;
}

/** How often `--watch` asks. */
const WATCH_MS = 1000;
/** Cursor to the corner, and everything from there on cleared: the screen does not flicker, and what scrolled by stays. */
const REDRAW = "\x1b[H\x1b[J";

/** Prints the statistics of the running sluice; returns the exit code. */
export async function runStatus(result: ParseResult, flags: StatusFlags, clock: Clock): Promise<0 | 1 | 2> {
  const door = adminDoor(result, flags.admin);
  if ("problem" in door) {
    complain(door.problem);
    return 2;
  }
  const ask = async () => {
    const stats = await askAdminJson<Stats>(door, "/lb/stats", clock);
    return flags.json === true ? `${JSON.stringify(stats, null, flags.watch === true ? 0 : 2)}\n` : statusText(stats);
  };
  if (flags.watch !== true) {
    try {
      print(await ask());
      return 0;
    } catch (error) {
      return sayUnreachable(error);
    }
  }
  using stop = listenForStop();
  const redraws = flags.json !== true && Deno.stdout.isTerminal();
  if (redraws) draw("\x1b[2J");
  while (!stop.aborted.aborted) {
    // One that is being restarted is waited for.
    const text = await ask().catch((error) =>
      error instanceof AdminUnreachable ? `${error.message}\n` : Promise.reject(error)
    );
    if (redraws) draw(REDRAW);
    print(redraws ? fitted(text) : text);
    await Promise.race([delay(clock, WATCH_MS), stop.received]);
  }
  return 0;
}

function sayUnreachable(error: unknown): 1 {
  if (!(error instanceof AdminUnreachable)) throw error;
  complain(error.message);
  return 1;
}

/** Cuts a table to the terminal: a line that wraps would push the top out of sight. */
function fitted(text: string): string {
  const { columns, rows } = Deno.consoleSize();
  const lines = text.trimEnd().split("\n");
  const shown = lines.length < rows
    ? lines
    : [...lines.slice(0, rows - 2), `... ${lines.length - rows + 2} more lines`];
  return shown.map((line) => line.slice(0, columns)).join("\n");
}

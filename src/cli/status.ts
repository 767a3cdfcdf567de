import type { Stats } from "../admin/stats/stats_model.ts";
import type { ParseResult } from "../config/parse_config.ts";
import type { Clock } from "../time/clock.ts";
import { withTimeout } from "../time/with_timeout.ts";
import { adminEndpoint, AdminUnreachable, askAdminJson } from "./admin_endpoint.ts";
import { shown, shownLines } from "../logging/shown_text.ts";
import type { StatusScreen } from "./status_table.ts";
import { statusText } from "./status_text.ts";
import { listenForStop } from "./stop_signal.ts";
import { complain, draw } from "./terminal.ts";

/** The flags of `status`, beside those of the sources. */
export interface StatusFlags {
  readonly admin?: string;
  readonly json?: boolean;
  /** Again and again, each second, until SIGINT or SIGTERM. */
  readonly watch?: boolean;
}

/** How often `--watch` asks. */
const WATCH_MS = 1000;
/**
 * Cursor to the corner, and everything from there on cleared: the screen does not flicker, and what scrolled by stays.
 */
const REDRAW = "\x1b[H\x1b[J";

/** Prints the statistics of the running sluice; returns the exit code. */
export async function runStatus(result: ParseResult, flags: StatusFlags, clock: Clock): Promise<0 | 1 | 2> {
  const endpoint = adminEndpoint(result, flags.admin);
  if ("problem" in endpoint) {
    complain(endpoint.problem);
    return 2;
  }
  const ask = async () => {
    const stats = await askAdminJson<Stats>(endpoint, "/lb/stats", clock);
    return flags.json === true
      ? `${shownLines(JSON.stringify(stats, null, flags.watch === true ? 0 : 2))}\n`
      : statusText(stats, screen());
  };
  if (flags.watch !== true) {
    try {
      draw(await ask());
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
      error instanceof AdminUnreachable ? `${shown(error.message)}\n` : Promise.reject(error)
    );
    draw(redraws ? REDRAW + fitted(text) : text);
    using pause = withTimeout(clock, WATCH_MS);
    await pause.race(stop.received);
  }
  return 0;
}

function sayUnreachable(error: unknown): 1 {
  if (!(error instanceof AdminUnreachable)) throw error;
  complain(error.message);
  return 1;
}

/** A terminal has a width and colours; what goes into a pipe or a file has neither. */
function screen(): StatusScreen {
  if (!Deno.stdout.isTerminal()) return { columns: null, color: false };
  const { columns } = Deno.consoleSize();
  // https://no-color.org; some terminals of scripts say that they are 0 wide.
  return { columns: columns > 0 ? columns : null, color: !Deno.noColor };
}

/** Cuts a table to the terminal's height: more would push the top out of sight. */
function fitted(text: string): string {
  const { rows } = Deno.consoleSize();
  const lines = text.trimEnd().split("\n");
  if (rows === 0 || lines.length < rows) return text;
  return [...lines.slice(0, rows - 2), `... ${lines.length - rows + 2} more lines`, ""].join("\n");
}

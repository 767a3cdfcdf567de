import type { Setting } from "../config/setting.ts";
import type { Decision } from "../views/decision.ts";
import type { ExplainRequest, Explanation } from "../views/explanation.ts";
import type { SystemView } from "../views/system_view.ts";
import type { TargetTable } from "../state/target_table.ts";

/** What the admin listener shows and may change. The control plane implements it; tests have their own. */
export interface AdminSource {
  /**
   * Returns all that is known now. Called on each request and, while a dashboard is open, each second: must not wait.
   */
  view(): SystemView;
  /** The live numbers, by slot. */
  readonly table: TargetTable;
  /** The effective configuration, value by value, with where each came from. */
  settings(): readonly Setting[];
  /**
   * Drains the group's targets at `addressPort` (`10.0.0.1:80`, `[::1]:80`): they finish their requests and get no new
   * ones, until {@linkcode AdminSource.enable}. Returns whether there is such a target.
   */
  drain(group: string, addressPort: string): boolean;
  /** Takes back a drain. Returns whether there is such a target. */
  enable(group: string, addressPort: string): boolean;
  /** Returns the last requests of all workers and how their targets were chosen, newest first. */
  decisions(): Promise<readonly Decision[]>;
  /** Explains what sluice would do with a request, by the code that serves. Sends nothing. */
  explain(request: ExplainRequest): Explanation | Promise<Explanation>;
}

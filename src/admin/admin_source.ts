import type { Setting } from "../config/setting.ts";
import type { Decision } from "../views/decision.ts";
import type { ExplainRequest, Explanation } from "../views/explanation.ts";
import type { SystemView } from "../views/system_view.ts";
import type { TargetTable } from "../state/target_table.ts";

/** What the admin listener shows and may change; the control plane is one, tests make their own. */
export interface AdminSource {
  /** Everything known at this moment. Called on each request and, while a dashboard is open, each second: must not wait. */
  view(): SystemView;
  /** The live numbers, by slot. */
  readonly table: TargetTable;
  /** The effective configuration, value by value, with where each came from. */
  settings(): readonly Setting[];
  /**
   * Drains the group's targets at `addressPort` (`10.0.0.1:80`, `[::1]:80`): they finish what they have and get nothing new,
   * until {@linkcode AdminSource.enable}. Returns whether there is such a target.
   */
  drain(group: string, addressPort: string): boolean;
  /** Takes back a drain. Returns whether there is such a target. */
  enable(group: string, addressPort: string): boolean;
  /** The last requests' choices over all workers, newest first. */
  decisions(): Promise<readonly Decision[]>;
  /** Says what would be done with a request, by the code that serves; sends nothing. */
  explain(request: ExplainRequest): Explanation | Promise<Explanation>;
}

import * as chart from "./client/chart.js";
import * as columns from "./client/columns.js";
import * as events from "./client/events.js";
import * as failures from "./client/failures.js";
import * as fields from "./client/fields.js";
import * as format from "./client/format.js";
import * as groupSection from "./client/group_section.js";
import * as model from "./client/model.js";
import * as rules from "./client/rules.js";
import * as start from "./client/start.js";
import * as targetRow from "./client/target_row.js";

/**
 * The page's script, put together from the source text of the functions in `client/`. They are ordinary modules, linted
 * and testable here, that use nothing but one another and the browser; every function of theirs is exported, because
 * only what is exported gets into the page. No build step, and nothing to fetch.
 */
export const dashboardScript: string = [
  '"use strict";',
  ...[fields, format, columns, model, chart, events, targetRow, groupSection, rules, failures, start]
    .flatMap((module): readonly unknown[] => Object.values(module)),
  "startDashboard();",
].map(String).join("\n\n");

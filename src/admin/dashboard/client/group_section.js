import { drawHistory } from "./chart.js";
import { hasErrors, ttfbText } from "./columns.js";
import { arrange, fieldsOf, setText } from "./fields.js";
import { formatCount, formatShare } from "./format.js";
import { isEligible, makeRecord } from "./model.js";
import { makeTargetRow } from "./target_row.js";

/** Makes the section of a target group; `hooks`: act(row), added(row), removed(row). */
export function makeGroupSection(name, hooks) {
  const element = document.getElementById("group-template").content.firstElementChild.cloneNode(true);
  const section = {
    element,
    fields: fieldsOf(element),
    name,
    record: makeRecord(),
    shape: null,
    rows: new Map(),
    chips: new Map(),
    hooks,
  };
  setText(section.fields.name, name);
  return section;
}

/** Brings a section's rows in line with who is there; rows of targets that stay are kept as they are. */
export function shapeGroupSection(section, shape, rules) {
  const { fields, rows, hooks } = section;
  section.shape = shape;
  const notes = [shape.algorithm, "checks " + shape.checks];
  if (shape.failOpen) notes.push("fail open");
  setText(fields.notes, notes.join(" · "));
  const problems = shape.names.filter(({ lastError }) => lastError !== null);
  setText(fields.dns, problems.map(({ host, lastError }) => host + ": " + lastError).join("; "));
  fields.dns.hidden = problems.length === 0;
  const chips = rules.map((rule) => makeRuleChip(section.chips.get(rule.slot), rule));
  section.chips = new Map(rules.map((rule, index) => [rule.slot, chips[index]]));
  arrange(fields.rules, chips.map(({ element }) => element));

  const gone = new Map(rows);
  for (const target of shape.targets) {
    const key = target.slot + " " + target.target;
    gone.delete(key);
    const known = rows.get(key);
    if (known !== undefined) {
      known.shape = target;
      known.checked = shape.checked;
      continue;
    }
    const row = makeTargetRow(target, section.name, hooks.act);
    row.checked = shape.checked;
    rows.set(key, row);
    hooks.added(row);
  }
  for (const [key, row] of gone) {
    rows.delete(key);
    hooks.removed(row);
  }
  arrange(fields.targets, shape.targets.map((target) => rows.get(target.slot + " " + target.target).element));
  fields.empty.hidden = rows.size > 0;
  setText(fields.empty, shape.resolved ? "No target." : "No name has ever resolved: requests get 502 dns_failed.");
}

/** Makes, or takes again, the sign of a rule that leads to the group. */
export function makeRuleChip(known, rule) {
  const element = known?.element ?? document.getElementById("rule-template").content.firstElementChild.cloneNode(true);
  const chip = { element, fields: fieldsOf(element), record: known?.record ?? makeRecord() };
  const alone = rule.groups.length === 1 && rule.action === rule.groups[0];
  setText(chip.fields.prefix, rule.conditions + (alone ? "" : " → " + rule.action));
  element.title = "rule " + rule.number;
  return chip;
}

/** Says how many of a group's targets may receive requests, and how that is to be judged. */
export function eligibility(shape, records) {
  const eligible = records.filter(isEligible).length;
  if (!shape.resolved) return { text: "never resolved", level: "bad" };
  const text = eligible + " of " + records.length + " eligible";
  if (eligible === 0) {
    return { text: shape.failOpen && records.length > 0 ? text + ", failing open" : text, level: "bad" };
  }
  if (eligible < records.length) return { text, level: "warn" };
  // Nobody has asked them how they are.
  return { text, level: shape.checked ? "good" : "calm" };
}

/** Writes a group's own line. */
export function renderGroupSection(section) {
  const { fields, record, rows } = section;
  const { text, level } = eligibility(section.shape, [...rows.values()].map(({ record }) => record));
  setText(fields.eligible, text);
  fields.eligible.dataset.level = level;
  renderNumbers(fields, record);
}

/** Writes the numbers that a group and the whole have alike, and their charts. */
export function renderNumbers(fields, record) {
  setText(fields.inFlight, formatCount(record.inFlight));
  setText(fields.perSecond, formatCount(record.perSecond));
  setText(fields.errorRate, formatShare(record.errorRate));
  fields.errorRate.classList.toggle("bad", hasErrors(record));
  setText(fields.ttfb, ttfbText(record));
  drawHistory(fields.load, record.history, { columns: [0], colors: ["--load"] });
  drawHistory(fields.chart, record.history, {
    columns: [3, 2, 1],
    colors: ["--p99", "--p90", "--p50"],
    logarithmic: true,
  });
}

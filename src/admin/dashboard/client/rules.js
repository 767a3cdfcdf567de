import { arrange, fieldsOf, setText } from "./fields.js";
import { formatCount, formatShare } from "./format.js";
import { makeRecord, takeNumbers } from "./model.js";

/**
 * Lists the rules, each with what it takes and what it does, and counts those beyond 200; returns the rows by slot, those of
 * `before` kept.
 */
export function shapeRules(rules, before) {
  const most = 200;
  const rows = new Map(rules.slice(0, most).map((rule) => [rule.slot, makeRuleRow(before.get(rule.slot), rule)]));
  arrange(document.getElementById("rules"), [...rows.values()].map(({ element }) => element));
  document.getElementById("rules-panel").hidden = rules.length === 0;
  const left = rules.length - rows.size;
  setText(document.getElementById("more-rules"), left === 0 ? "" : "and " + left + " more");
  return rows;
}

/** Takes the numbers of a tick. */
export function tickRules(rows, rules, names) {
  for (const [slot, numbers] of rules) {
    const row = rows.get(slot);
    if (row === undefined) continue;
    takeNumbers(row.record, numbers, names);
    setText(row.fields.perSecond, formatCount(row.record.perSecond) + "/s");
    setText(row.fields.errors, row.record.errorRate > 0 ? formatShare(row.record.errorRate) + " errors" : "");
  }
}

/** Makes, or takes again, the row of a rule. */
export function makeRuleRow(known, rule) {
  const element = known?.element ??
    document.getElementById("rule-row-template").content.firstElementChild.cloneNode(true);
  const row = { element, fields: fieldsOf(element), record: known?.record ?? makeRecord() };
  setText(row.fields.number, String(rule.number));
  setText(row.fields.conditions, rule.conditions);
  setText(row.fields.action, rule.action);
  return row;
}

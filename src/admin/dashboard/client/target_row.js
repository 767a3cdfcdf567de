import { drawHistory } from "./chart.js";
import { targetColumns } from "./columns.js";
import { fieldsOf, setText } from "./fields.js";
import { formatSpan } from "./format.js";
import { isEligible, makeRecord } from "./model.js";

/** Makes the row of a target; `act(row)` is called by its button. Whatever has a name is set as text, never as markup. */
export function makeTargetRow(shape, groupName, act) {
  const element = document.getElementById("target-template").content.firstElementChild.cloneNode(true);
  const row = {
    element,
    fields: fieldsOf(element),
    shape,
    groupName,
    checked: true,
    record: makeRecord(),
    visible: false,
    figures: [],
  };
  const { fields } = row;
  row.figures = targetColumns().map((column) => makeFigure(column, fields.numbers));
  setText(fields.address, shape.address);
  setText(fields.host, targetDetail(shape));
  fields.address.href = targetHash(groupName, shape.address);
  fields.address.title = shape.target;
  fields.action.addEventListener("click", () => act(row));
  element.row = row;
  return row;
}

/** Makes the place of a column's number in a row. */
export function makeFigure(column, parent) {
  const element = document.getElementById("figure-template").content.firstElementChild.cloneNode(true);
  const { label, value } = fieldsOf(element);
  setText(label, column.label);
  element.style.setProperty("--width", column.rem + "rem");
  parent.append(element);
  return { column, value };
}

/** Writes what is known into the row, touching only what changed. */
export function renderTargetRow(row, nowMs) {
  const { fields, record, element, shape } = row;
  const state = shownState(row);
  if (element.dataset.state !== state) element.dataset.state = state;
  setText(fields.state, state);
  element.classList.toggle("warned", isEligible(record) && record.reason !== null);
  setText(fields.reason, record.reason ?? "");
  setText(fields.since, sinceText(record, nowMs));
  for (const { column, value } of row.figures) {
    setText(value, column.text(record));
    value.classList.toggle("bad", column.bad?.(record) ?? false);
  }
  drawHistory(fields.chart, record.history, {
    columns: [3, 2, 1],
    colors: ["--p99", "--p90", "--p50"],
    logarithmic: true,
  });

  const action = isDrainedByHand(row) ? "Enable" : "Drain";
  // A target that left its group is on its way out: there is nothing to take back.
  fields.action.hidden = shape.leaving;
  setText(fields.action, action);
  const label = action + " " + shape.address + " of " + row.groupName;
  if (fields.action.getAttribute("aria-label") !== label) fields.action.setAttribute("aria-label", label);
}

/** Whether Enable is what can be done with the row. */
export function isDrainedByHand(row) {
  return row.record.state === "draining" && !row.shape.leaving;
}

/** The state as it is shown: without checks nobody knows whether a target is healthy. */
export function shownState({ record, checked }) {
  return record.state === "healthy" && !checked ? "unchecked" : record.state;
}

/** Whether the row is one that an operator looks for at night. A target that serves has a reason if its probes begin to fail. */
export function isTroubled(row) {
  return !isEligible(row.record) || row.record.reason !== null || row.record.errorRate > 0;
}

/** What search looks in. */
export function searchText(row) {
  return [row.groupName, row.shape.target, row.shape.host, shownState(row), row.record.reason ?? ""].join(" ")
    .toLowerCase();
}

/** The fragment of the page's address that leads to a target. */
export function targetHash(groupName, address) {
  return "#target=" + encodeURIComponent(groupName) + "/" + encodeURIComponent(address);
}

/** What stands below the address: what it does not say itself. */
export function targetDetail({ target, address, host, weight }) {
  const parts = [];
  if (!address.startsWith(host)) parts.push(host);
  const scheme = target.slice(0, target.indexOf("://"));
  if (scheme !== "http") parts.push(scheme);
  const base = target.slice(scheme.length + 3 + address.length);
  if (base !== "") parts.push(base);
  if (weight !== 1) parts.push("weight " + Number(weight.toPrecision(3)));
  return parts.join(" · ");
}

/** Since when a target is in its state, and, where it is out, when something will be tried with it. */
export function sinceText(record, nowMs) {
  const since = record.sinceMs === null ? "" : "for " + formatSpan(nowMs - record.sinceMs);
  return [since, nextText(record, nowMs)].filter(Boolean).join(" · ");
}

/** When something will be tried with a target that is out. */
export function nextText(record, nowMs) {
  if (record.ejectedUntilMs !== null && record.state === "ejected") {
    return "back in " + formatSpan(record.ejectedUntilMs - nowMs);
  }
  if (record.nextProbeMs === null || record.state === "healthy" || record.state === "draining") return "";
  return record.nextProbeMs - nowMs < 500 ? "probe due" : "next probe in " + formatSpan(record.nextProbeMs - nowMs);
}

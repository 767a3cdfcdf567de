import { arrange, fieldsOf, setText } from "./fields.js";
import { formatMs, formatTime } from "./format.js";

/** Shows the last requests that went wrong, newest first. */
export function renderFailures(failures) {
  const list = document.getElementById("failures");
  const template = document.getElementById("failure-template").content.firstElementChild;
  arrange(
    list,
    failures.map((failure) => {
      const element = template.cloneNode(true);
      const fields = fieldsOf(element);
      setText(fields.time, formatTime(failure.timeMs));
      fields.time.dateTime = new Date(failure.timeMs).toISOString();
      setText(fields.status, String(failure.status));
      setText(fields.reason, failure.reason ?? "target's answer");
      setText(fields.request, failure.method + " " + failure.path);
      const rule = failure.rule === null ? "no rule" : "rule " + failure.rule;
      setText(fields.way, [rule, failure.group, ...failure.attempts.map(attemptText)].filter(Boolean).join(" → "));
      setText(fields.took, failure.totalMs < 1000 ? formatMs(failure.totalMs) + " ms" : formatMs(failure.totalMs));
      element.title = "request " + failure.id;
      return element;
    }),
  );
  document.getElementById("no-failures").hidden = failures.length > 0;
}

/** Says what became of one attempt. */
export function attemptText({ target, status, outcome, detail }) {
  return target + " " + (outcome ?? status) + (detail == null ? "" : ": " + detail);
}

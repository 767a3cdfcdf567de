import { followEvents } from "./events.js";
import { renderFailures } from "./failures.js";
import { arrange, fieldsOf, setText } from "./fields.js";
import { formatCount, formatSpan, formatTime } from "./format.js";
import { makeGroupSection, renderGroupSection, renderNumbers, shapeGroupSection } from "./group_section.js";
import { isEligible, makeRecord, remember, takeNumbers, takeTargetRow } from "./model.js";
import { shapeRules, tickRules } from "./rules.js";
import { isDrainedByHand, isTroubled, renderTargetRow, searchText, targetHash } from "./target_row.js";

/** Starts the page: opens the stream, and keeps what is on the page in line with what comes. */
export function startDashboard() {
  const byId = (id) => document.getElementById(id);
  const page = {
    head: fieldsOf(document.querySelector("header")),
    totals: fieldsOf(byId("totals")),
    total: makeRecord(),
    sections: new Map(),
    rowsBySlot: new Map(),
    rules: new Map(),
    startedMs: 0,
    nowMs: 0,
    shape: null,
  };
  let token = sessionStorage.getItem("sluice-token");

  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      target.row.visible = isIntersecting;
      if (isIntersecting) renderTargetRow(target.row, page.nowMs);
    }
  }, { rootMargin: "200px" });

  const hooks = {
    added: (row) => seen.observe(row.element),
    removed: (row) => seen.unobserve(row.element),
    act: (row) => act(row, page, token),
  };

  function onSystem(shape) {
    const before = page.shape;
    page.shape = shape;
    page.startedMs = shape.startedMs;
    setText(page.head.listener, shape.listener);
    setText(page.head.version, shape.version + " · " + shape.instance);
    showReload(byId("reload"), shape.lastReload);
    page.rowsBySlot.clear();
    page.rules = shapeRules(shape.rules, page.rules);
    const sections = shape.groups.map((group) => {
      const section = page.sections.get(group.name) ?? makeGroupSection(group.name, hooks);
      shapeGroupSection(section, group, shape.rules.filter((rule) => rule.groups.includes(group.name)));
      for (const row of section.rows.values()) page.rowsBySlot.set(row.shape.slot, row);
      return section;
    });
    for (const [name, section] of page.sections) {
      if (!shape.groups.some((group) => group.name === name)) section.rows.forEach((row) => hooks.removed(row));
    }
    page.sections = new Map(sections.map((section) => [section.name, section]));
    arrange(byId("groups"), sections.map(({ element }) => element));
    byId("nothing").hidden = sections.length > 0;
    filter();
    if (before === null) followHash();
  }

  function onTick(tick) {
    page.nowMs = tick.nowMs;
    const names = page.shape.numberNames;
    takeNumbers(page.total, tick.total, names);
    for (const [name, numbers] of tick.groups) {
      const section = page.sections.get(name);
      if (section !== undefined) takeNumbers(section.record, numbers, names);
    }
    for (const section of page.sections.values()) {
      for (const [slot, numbers] of tick.rules) {
        const chip = section.chips.get(slot);
        if (chip === undefined) continue;
        takeNumbers(chip.record, numbers, names);
        setText(chip.fields.perSecond, formatCount(chip.record.perSecond) + "/s");
      }
    }
    tickRules(page.rules, tick.rules, names);
    for (const row of tick.targets) {
      const known = page.rowsBySlot.get(row[0]);
      if (known !== undefined) takeTargetRow(known.record, row, names);
    }
    byId("clients").hidden = tick.clients === null;
    setText(byId("clients"), tick.clients ?? "");
    byId("tls").hidden = !tick.tls;
    setText(byId("tls"), tick.tls ?? "");
    for (const row of page.rowsBySlot.values()) remember(row.record);
    for (const section of page.sections.values()) remember(section.record);
    remember(page.total);
    setText(page.head.ready, tick.ready ? "ready" : "not ready");
    page.head.ready.dataset.level = tick.ready ? "good" : "bad";
    setText(page.head.uptime, "up " + formatSpan(tick.nowMs - page.startedMs));
    render();
    if (byId("search").value !== "" || byId("troubled").checked) filter();
  }

  /** Only what can be seen is written: with 1000 targets the rest would cost more than it shows. */
  function render() {
    if (document.hidden) return;
    renderNumbers(page.totals, page.total);
    for (const section of page.sections.values()) renderGroupSection(section);
    for (const row of page.rowsBySlot.values()) if (row.visible) renderTargetRow(row, page.nowMs);
  }

  function filter() {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const onlyTroubled = byId("troubled").checked;
    let shown = 0;
    for (const section of page.sections.values()) {
      let here = 0;
      for (const row of section.rows.values()) {
        const text = searchText(row);
        const matches = words.every((word) => text.includes(word)) && (!onlyTroubled || isTroubled(row));
        if (row.element.hidden === matches) row.element.hidden = !matches;
        if (matches) here++;
      }
      section.element.hidden = here === 0 && (words.length > 0 || onlyTroubled);
      shown += here;
    }
    setText(byId("found"), words.length > 0 || onlyTroubled ? shown + " found" : "");
  }

  function followHash() {
    for (const section of page.sections.values()) {
      for (const row of section.rows.values()) {
        const wanted = targetHash(row.groupName, row.shape.address) === location.hash;
        row.element.classList.toggle("wanted", wanted);
        if (!wanted) continue;
        byId("search").value = "";
        byId("troubled").checked = false;
        filter();
        row.element.scrollIntoView({ block: "center" });
        row.fields.address.focus({ preventScroll: true });
      }
    }
  }

  function onLost() {
    if (document.body.dataset.connection === "lost") return;
    document.body.dataset.connection = "lost";
    setText(page.head.connection, "disconnected at " + formatTime(Date.now()) + ", trying again");
  }

  function onOpen() {
    document.body.dataset.connection = "open";
    setText(page.head.connection, "live");
  }

  function onUnauthorized() {
    document.body.dataset.connection = "unauthorized";
    setText(page.head.connection, "not signed in");
    setText(byId("token-problem"), token === null ? "" : "That token was refused.");
    sessionStorage.removeItem("sluice-token");
    byId("token").focus();
  }

  function follow() {
    followEvents(() => token, {
      onOpen,
      onLost,
      onUnauthorized,
      onEvent: (name, data) => {
        if (name === "system") onSystem(data);
        else if (name === "tick") onTick(data);
        else if (name === "failures") renderFailures(data);
      },
    });
  }

  byId("search").addEventListener("input", filter);
  byId("troubled").addEventListener("change", filter);
  byId("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    token = byId("token").value;
    byId("token").value = "";
    // For this tab only; another origin, or another port of this machine, can't read it.
    sessionStorage.setItem("sluice-token", token);
    follow();
  });
  addEventListener("hashchange", followHash);
  document.addEventListener("visibilitychange", render);
  addEventListener("resize", render);
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || /^(input|textarea)$/i.test(event.target.tagName)) return;
    event.preventDefault();
    byId("search").focus();
  });
  follow();
}

/** Drains or enables a row's target. The row itself changes when the server says so. */
export async function act(row, page, token) {
  const { fields, shape, groupName } = row;
  const action = isDrainedByHand(row) ? "enable" : "drain";
  const section = page.sections.get(groupName);
  const others = [...section.rows.values()].filter((other) => other !== row && isEligible(other.record)).length;
  if (action === "drain" && others === 0 && isEligible(row.record)) {
    const question = shape.address + " is the last eligible target of " + groupName +
      ". Without it, requests to the group get 503. Drain it?";
    if (!confirm(question)) return;
  }
  const problem = document.getElementById("problem");
  setText(problem, "");
  fields.action.setAttribute("aria-busy", "true");
  try {
    const path = "targets/" + encodeURIComponent(groupName) + "/" + encodeURIComponent(shape.address) + "/" + action;
    const headers = token === null ? {} : { Authorization: "Bearer " + token };
    const response = await fetch(path, { method: "POST", headers });
    if (!response.ok) setText(problem, "Cannot " + action + " " + shape.address + ": " + (await response.json()).error);
  } catch {
    setText(problem, "Cannot " + action + " " + shape.address + ": no connection");
  } finally {
    fields.action.removeAttribute("aria-busy");
  }
}

/** Says what the last reload came to; nothing before the first. */
export function showReload(element, outcome) {
  element.className = outcome !== null && !outcome.successful ? "bad" : "quiet";
  if (outcome === null) return setText(element, "");
  const lines = outcome.lines.length === 0 ? "nothing changed" : outcome.lines.join("; ");
  const head = outcome.successful
    ? "Configuration reloaded at "
    : "The reload was refused and the configuration before it stays in use, at ";
  setText(element, head + formatTime(outcome.atMs) + ": " + lines);
}

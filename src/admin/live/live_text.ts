import { groupsOf } from "../../config/rule_action.ts";
import { actionText, conditionsText } from "../../views/rule_words.ts";
import { hostPort, type RuleSnapshot, targetKey, type TargetSnapshot } from "../../state/group_snapshot.ts";
import type { GroupView, SystemView } from "../../views/system_view.ts";
import { tlsText } from "../stats/tls_text.ts";
import { clientsText } from "../stats/clients_text.ts";
import { clientStats, tlsStats } from "../stats/stats.ts";
import type { GroupShape, LiveEvents, RuleShape, SystemShape, TargetRow, TargetShape, Tick } from "./live_model.ts";
import { encodeNumbers, NUMBER_NAMES } from "./live_numbers.ts";
import type { LiveTick } from "./live_sampler.ts";

/** Items of a list that are written in one turn of the event loop: well below a millisecond. */
const WRITTEN_AT_ONCE = 200;

/** Steps of a text that is made over many turns of the event loop: at each `yield` this turn's part is done. */
type Steps = Generator<null, string, void>;

/** Writes one server-sent event. JSON has no line breaks of its own, so one data line holds it. */
export function eventText<Name extends keyof LiveEvents>(event: Name, data: LiveEvents[Name]): string {
  return eventOf(event, JSON.stringify(data));
}

/** Writes who is there, without anything that changes from second to second. */
export function* systemText(view: SystemView): Steps {
  const head: Omit<SystemShape, "rules" | "groups"> = {
    version: view.version,
    instance: view.instance,
    listener: view.listenerUrl,
    startedMs: view.startedMs,
    generation: view.generation,
    lastReload: view.lastReload,
    numberNames: NUMBER_NAMES,
  };
  const rules = yield* jsonList(view.rules, ruleShape);
  const groups: string[] = [];
  for (const group of view.groups) {
    const members = new Set(group.group.targets.map(({ slot }) => slot));
    const targets = yield* jsonList(group.targets, ({ target }) => targetShape(target, members));
    groups.push(withLists(groupHead(group), { targets }));
  }
  return eventOf("system", withLists(head, { rules, groups: `[${groups.join(",")}]` }));
}

/** The texts of a tick. */
export interface TickText {
  /** Makes it with the rows of all targets. */
  readonly whole: () => string;
  /** Without the rows that were the same in the tick before. */
  readonly news: string;
  /** Each target's row, by slot. */
  readonly rows: ReadonlyMap<number, string>;
}

/** Writes a tick. `before` has the rows of the tick before. */
export function* tickText(tick: LiveTick, before: ReadonlyMap<number, string>): Generator<null, TickText, void> {
  const { view } = tick;
  const tls = tlsStats(tick, view.nowMs);
  const head: Omit<Tick, "rules" | "groups" | "targets"> = {
    nowMs: view.nowMs,
    ready: view.ready,
    workers: view.workers,
    total: encodeNumbers(tick.total),
    clients: tick.clients === null ? null : clientsText(clientStats(tick.clients)),
    tls: tls === null ? null : tlsText(tls).join("\n"),
  };
  const rules = yield* jsonList(tick.rules, ({ slot, numbers }) => [slot, encodeNumbers(numbers)]);
  const groups = yield* jsonList(tick.groups, ({ name, numbers }) => [name, encodeNumbers(numbers)]);
  const rows = new Map<number, string>();
  const changed: string[] = [];
  for (const target of tick.targets) {
    if (rows.size % WRITTEN_AT_ONCE === WRITTEN_AT_ONCE - 1) yield null;
    const text = JSON.stringify(targetRow(target));
    const { slot } = target.view.target;
    rows.set(slot, text);
    if (before.get(slot) !== text) changed.push(text);
  }
  const write = (targets: Iterable<string>) =>
    eventOf("tick", withLists(head, { rules, groups, targets: `[${[...targets].join(",")}]` }));
  return { whole: () => write(rows.values()), news: write(changed), rows };
}

function eventOf(event: keyof LiveEvents, json: string): string {
  return `event: ${event}\ndata: ${json}\n\n`;
}

/** Writes an object with lists that are written already; `head` is not empty. */
function withLists(head: object, lists: Readonly<Record<string, string>>): string {
  const written = Object.entries(lists).map(([name, list]) => `,"${name}":${list}`);
  return `${JSON.stringify(head).slice(0, -1)}${written.join("")}}`;
}

function* jsonList<T>(items: readonly T[], shape: (item: T) => unknown): Steps {
  const written: string[] = [];
  for (const item of items) {
    if (written.length % WRITTEN_AT_ONCE === WRITTEN_AT_ONCE - 1) yield null;
    written.push(JSON.stringify(shape(item)));
  }
  return `[${written.join(",")}]`;
}

function ruleShape(rule: RuleSnapshot): RuleShape {
  const { slot, number, action } = rule;
  return { slot, number, conditions: conditionsText(rule), action: actionText(rule), groups: groupsOf(action) };
}

function groupHead({ group, healthCheck, names }: GroupView): Omit<GroupShape, "targets"> {
  return {
    name: group.name,
    algorithm: group.algorithm,
    failOpen: group.failOpen,
    resolved: group.resolved,
    checked: healthCheck.enabled,
    checks: healthCheck.enabled ? `GET ${healthCheck.path} every ${healthCheck.intervalMs / 1000} s` : "off",
    names: names.map(({ host, lastError }) => ({ host, lastError })),
  };
}

function targetShape(target: TargetSnapshot, members: ReadonlySet<number>): TargetShape {
  return {
    slot: target.slot,
    target: targetKey(target),
    address: hostPort(target.address, target.port),
    host: target.host,
    weight: target.weight,
    leaving: !members.has(target.slot),
  };
}

function targetRow({ view, numbers }: LiveTick["targets"][number]): TargetRow {
  const { target, state, reason, sinceMs, nextProbeMs, ejectedUntilMs } = view;
  return [target.slot, state, reason, sinceMs, nextProbeMs, ejectedUntilMs, encodeNumbers(numbers)];
}

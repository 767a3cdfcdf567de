import type { Collector } from "./collector.ts";
import { comment, cut, envValue } from "./env_text.ts";
import type { ImportedGroup, ImportedRule, Origin, Remark, Setting } from "./imported.ts";
import { listenerSettings } from "./listener_settings.ts";
import { keepsOrder } from "./rule_order.ts";
import { actionSetting, conditionSettings } from "./rule_text.ts";

/** What the printed file depends on. */
export interface EmitOptions {
  /** `nginx`, for the first line. */
  readonly kind: string;
  readonly files: readonly string[];
  /** Tells whether this sluice reads a variable. */
  readonly isKnown: (name: string) => boolean;
}

/** A `.env` file, and how many things it leaves out. */
export interface Emitted {
  readonly text: string;
  readonly leftOut: number;
}

/** Distance of two priorities, so that a rule can be put between them. */
const PRIORITY_STEP = 10;

/** Variables of a rule that keep clients out. */
const GUARDS = new Set(["ALLOW", "DENY", "BASIC_AUTH_FILE", "FORWARD_AUTH", "JWT_JWKS"]);

/** Writes what was imported as a commented `.env` file. */
export function emit(found: Collector, options: EmitOptions): Emitted {
  const { isKnown } = options;
  const later: Remark[] = [];
  const lines = [
    comment(`Written by \`sluice import ${options.kind}\` from ${options.files.join(", ")}.`),
    comment("Each line has its origin above it; what could not be carried over stands at the end."),
  ];
  const settings = listenerSettings(found.settings, found.rules, isKnown);
  if (settings.length > 0) {
    lines.push("", comment("Listener"), ...settingLines(settings, "", isKnown, later));
  }
  found.groups.forEach((group, i) => {
    const prefix = `TARGET_GROUP_${i + 1}_`;
    lines.push(
      "",
      comment(`Target group ${group.name}`),
      ...settingLines(groupSettings(group, prefix, isKnown), prefix, isKnown, later),
    );
  });
  const step = keepsOrder(found.rules)
    ? 0
    : Math.max(1, Math.min(PRIORITY_STEP, Math.floor(50_000 / found.rules.length)));
  found.rules.forEach((rule, i) => lines.push("", ...ruleLines(rule, i, step, isKnown, later)));
  lines.push(...remarkLines("Not in effect yet", later));
  lines.push(...remarkLines("Not carried over", found.leftOut));
  lines.push(...remarkLines("Needs no variable", found.unneeded));
  return { text: `${lines.join("\n")}\n`, leftOut: later.length + found.leftOut.length };
}

function groupSettings(group: ImportedGroup, prefix: string, isKnown: EmitOptions["isKnown"]): Setting[] {
  const from = [...group.from];
  const targets = group.targets.filter(({ needs }) => needs === undefined || isKnown(prefix + needs));
  const weighted = group.settings.some((each) => each.name === "ALGORITHM" && each.value === "WEIGHTED");
  return [
    { name: "NAME", value: group.name, from },
    { name: "TARGETS", value: targets.map((each) => each.address).join(","), from: targets.map((each) => each.from) },
    ...weighted
      ? [{ name: "WEIGHTS", value: targets.map(weightText).join(","), from: targets.map((each) => each.from) }]
      : [],
    ...group.settings,
  ];
}

/** `host:port:weight`: a weight goes by host and port. */
function weightText({ address, weight }: { readonly address: string; readonly weight: number }): string {
  const https = address.startsWith("https://");
  const authority = address.replace(/^https?:\/\//, "").replace(/\/.*$/s, "");
  return `${/:\d+$/.test(authority) ? authority : `${authority}:${https ? 443 : 80}`}:${weight}`;
}

function ruleLines(
  rule: ImportedRule,
  index: number,
  step: number,
  isKnown: EmitOptions["isKnown"],
  later: Remark[],
): string[] {
  const prefix = `LISTENER_RULE_${index + 1}_`;
  const from = [...rule.from];
  const priority = step === 0 ? [] : [{ name: "PRIORITY", value: String((index + 1) * step), from }];
  const decisive = [...priority, ...conditionSettings(rule), actionSetting(rule.action)];
  const guard = rule.guard ??
    rule.settings.find((each) => GUARDS.has(each.name) && !isRead(each, prefix, isKnown))?.from[0];
  const closing: Setting[] = guard === undefined ? [] : [{ name: "FIXED_RESPONSE", value: "403", from: [guard] }];
  const missing = [...decisive, ...closing].find((each) => !isRead(each, prefix, isKnown));
  const lines = [...new Set(rule.from.map(originLine))];
  if (missing !== undefined) {
    const whole = settingLines([...decisive, ...rule.settings], prefix, isKnown, [], lines);
    const text = `the rule needs ${prefix}${missing.name}; it is written as a comment above`;
    later.push({ origin: rule.from[0]!, text });
    return inTurn([...lines, ...whole.map((line) => line.startsWith("# ") ? line : `# not yet: ${line}`)]);
  }
  if (guard === undefined) {
    return inTurn([...lines, ...settingLines([...decisive, ...rule.settings], prefix, isKnown, later, lines)]);
  }
  const open = settingLines([actionSetting(rule.action), ...rule.settings], prefix, () => false, []);
  later.push({ origin: guard, text: "it keeps clients out: until then, sluice responds with 403 here" });
  const settings = [...priority, ...conditionSettings(rule), ...closing];
  return inTurn([...lines, ...settingLines(settings, prefix, isKnown, later, lines), ...open]);
}

/** Takes out lines that repeat the one before. */
function inTurn(lines: readonly string[]): string[] {
  return lines.filter((line, i) => line !== lines[i - 1]);
}

function settingLines(
  settings: readonly Setting[],
  prefix: string,
  isKnown: EmitOptions["isKnown"],
  later: Remark[],
  before: readonly string[] = [],
): string[] {
  const lines: string[] = [];
  let last = before.join("\n");
  for (const setting of settings) {
    const { name, value, from } = setting;
    const above = [...new Set(from.map(originLine))];
    if (above.join("\n") !== last) lines.push(...above);
    last = above.join("\n");
    const text = envValue(value);
    const variable = prefix + name;
    if (text !== null && isRead(setting, prefix, isKnown)) {
      lines.push(`${variable}=${text}`);
    } else {
      const why = text === null
        ? "no kind of quotes can hold its value"
        : isKnown(variable)
        ? `it needs ${setting.needs}`
        : "this sluice does not read it";
      lines.push(comment(`not yet: ${variable}=${text ?? cut(value)}`));
      later.push({ origin: from[0]!, text: `${variable}: ${why}` });
    }
  }
  return lines;
}

function isRead({ name, needs }: Setting, prefix: string, isKnown: EmitOptions["isKnown"]): boolean {
  return isKnown(prefix + name) && (needs === undefined || isKnown(prefix + needs));
}

function originLine({ place, text }: Origin): string {
  return comment(text === "" ? place : `${place}: ${cut(text)}`);
}

function remarkLines(title: string, remarks: readonly Remark[]): string[] {
  if (remarks.length === 0) return [];
  return ["", comment(`${title}:`), ...remarks.map(({ origin, text }) => `${originLine(origin)} -> ${text}`)];
}

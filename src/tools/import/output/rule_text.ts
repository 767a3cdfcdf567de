import type { Action, From, ImportedRule, NamedTest, Setting } from "./imported.ts";

/** Writes the conditions of a rule as its variables. */
export function conditionSettings({ conditions, from }: ImportedRule): Setting[] {
  const { path, hosts, methods, headers, cookies, queries, sourceIps, protocol } = conditions;
  const settings: Setting[] = [];
  if (path?.value.kind === "prefix") {
    settings.push({ name: "PATH_PREFIX", value: path.value.prefix, from: [path.from, ...path.also ?? []] });
  } else if (path?.value.kind === "patterns") {
    settings.push({ name: "PATH", value: path.value.patterns.join("|"), from: [path.from, ...path.also ?? []] });
  } else if (path !== undefined) {
    settings.push({ name: "PATH_REGEX", value: path.value.regex, from: [path.from, ...path.also ?? []] });
  }
  const list = (name: string, values: readonly From<string>[]) => {
    if (values.length === 0) return;
    const texts = [...new Set(values.map((each) => each.value))];
    settings.push({ name, value: texts.join("|"), from: values.map((each) => each.from) });
  };
  const tests = (name: string, all: readonly From<NamedTest>[], between: string) => {
    if (all.length === 0) return;
    const text = all.map((each) => namedText(each.value, between)).join(" && ");
    settings.push({ name, value: text, from: all.map((each) => each.from) });
  };
  list("HOST", hosts);
  list("METHOD", methods);
  tests("HEADER", headers, ": ");
  tests("COOKIE", cookies, "=");
  tests("QUERY", queries, "=");
  list("SOURCE_IP", sourceIps);
  if (protocol !== undefined) settings.push({ name: "PROTOCOL", value: protocol.value, from: [protocol.from] });
  // A rule without any condition takes every request, and says so.
  return settings.length > 0 ? settings : [{ name: "PATH_PREFIX", value: "/", from: [...from] }];
}

/** Writes the action of a rule as its variable. */
export function actionSetting({ value: action, from }: From<Action>): Setting {
  return { ...actionText(action), from: [from] };
}

function actionText(action: Action): { name: string; value: string } {
  switch (action.kind) {
    case "forward": {
      const [first] = action.groups;
      const value = action.groups.length === 1
        ? first!.name
        : action.groups.map((each) => `${each.name}:${each.weight}`).join(",");
      return { name: "TARGET_GROUP", value };
    }
    case "redirect":
      return { name: "REDIRECT", value: `${action.status} ${action.location}` };
    case "fixed": {
      const value = action.body === "" ? String(action.status) : `${action.status} ${action.type} ${action.body}`;
      return { name: "FIXED_RESPONSE", value };
    }
  }
}

function namedText({ name, patterns }: NamedTest, between: string): string {
  return patterns.length === 0 ? name : `${name}${between}${patterns.join("|")}`;
}

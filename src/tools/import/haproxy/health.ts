import type { Collector } from "../output/collector.ts";
import type { Setting } from "../output/imported.ts";
import { type Line, type Section, timeText } from "./sections.ts";

/** The health checks of a section: `option httpchk`, `http-check`, and `check inter 5s fall 3` of its servers. */
export function healthSettings(section: Section, standard: readonly Line[], found: Collector): Setting[] {
  const settings: Setting[] = [];
  const set = (name: string, value: string, line: Line) => {
    const before = settings.find((each) => each.name === name);
    if (before === undefined) settings.push({ name, value, from: [line.origin] });
    else if (before.value === value) before.from.push(line.origin);
    else found.lose(line.origin, `the targets of a group share ${name}, and it is ${before.value} already`);
  };
  const servers = section.lines.filter((each) => ["server", "server-template"].includes(each.words[0]!));
  const checked = [...servers, ...standard].filter((each) => each.words.includes("check"));
  const inherited = section.defaults?.lines ?? [];
  const lines = [...inherited.filter((each) => !section.lines.some((own) => sameKeyword(own, each))), ...section.lines];
  const option = lines.find((each) => each.words[0] === "option" && each.words[1] === "httpchk");
  const timeout = lines.find((each) => each.words[0] === "timeout" && each.words[1] === "check");
  if (checked.length === 0) {
    if (option !== undefined && section.lines.includes(option)) {
      found.needless(option.origin, "no server has the word check");
    }
    return settings;
  }
  set("HEALTH_CHECK_ENABLED", "true", checked[0]!);
  if (option === undefined) set("HEALTH_CHECK_TYPE", "tcp", checked[0]!);
  else httpCheck(option, lines, set, found);
  for (const line of [...servers, ...standard]) {
    const value = (name: string) => line.words.includes(name) ? line.words[line.words.indexOf(name) + 1] : undefined;
    const inter = timeText(value("inter"));
    if (inter !== null) set("HEALTH_CHECK_INTERVAL", inter, line);
    const [fall, rise, port] = [value("fall"), value("rise"), value("port")];
    if (fall !== undefined) set("HEALTH_CHECK_FAILURE_THRESHOLD", fall, line);
    if (rise !== undefined) set("HEALTH_CHECK_SUCCEED_THRESHOLD", rise, line);
    if (port !== undefined && /^\d+$/.test(port)) set("HEALTH_CHECK_PORT", port, line);
  }
  const time = timeText(timeout?.words[2]);
  if (time !== null) set("HEALTH_CHECK_TIMEOUT", time, timeout!);
  return settings;
}

function sameKeyword(one: Line, other: Line): boolean {
  return one.words[0] === other.words[0] && one.words[1] === other.words[1];
}

function httpCheck(
  option: Line,
  lines: readonly Line[],
  set: (name: string, value: string, line: Line) => void,
  found: Collector,
): void {
  const [, , first = "OPTIONS", second] = option.words;
  // Only a path may stand there, without a method.
  const path = first.startsWith("/") ? first : second ?? "/";
  const method = first.startsWith("/") ? "OPTIONS" : first;
  const sends = lines.filter((each) => each.words[0] === "http-check" && each.words[1] === "send");
  const uri = sends.map((each) => [each, each.words[each.words.indexOf("uri") + 1] ?? "/"] as const)
    .find(([each]) => each.words.includes("uri"));
  if (uri !== undefined) set("HEALTH_CHECK_PATH", uri[1], uri[0]);
  else set("HEALTH_CHECK_PATH", path, option);
  const sent = sends.map((each) => each.words[each.words.indexOf("meth") + 1]).at(-1) ?? method;
  if (sent !== "GET") found.needless(option.origin, `sluice's probes use GET, not ${sent}`);
  const host = /[Hh]ost:\s*(\S+)/.exec(option.words.slice(4).join(" "))?.[1];
  if (host !== undefined) set("HEALTH_CHECK_HOST", host, option);
  for (const each of sends) {
    const at = each.words.findIndex((word, i) => word === "hdr" && each.words[i + 1]?.toLowerCase() === "host");
    if (at >= 0) set("HEALTH_CHECK_HOST", each.words[at + 2] ?? "", each);
    set("HEALTH_CHECK_ENABLED", "true", each);
  }
  const expects = lines.filter((each) => each.words[0] === "http-check" && each.words[1] === "expect");
  if (expects.length === 0) set("HEALTH_CHECK_MATCHER", "200-399", option);
  for (const each of expects) {
    const [kind = "", value = ""] = each.words.slice(2);
    const statuses = kind === "status" ? value.replaceAll(" ", ",") : rangeOf(kind, value);
    if (statuses === null) {
      found.lose(each.origin, "sluice's probes look at the status; HEALTH_CHECK_BODY is not yet there");
    } else set("HEALTH_CHECK_MATCHER", statuses, each);
  }
}

/** `rstatus ^2..` and the like as a range. */
function rangeOf(kind: string, value: string): string | null {
  if (kind !== "rstatus") return null;
  const [, set, digit] = /^\^?(?:\[(\d)-\d\]|\(?(\d)(?:\.\.|\[0-9\]\[0-9\]))/.exec(value) ?? [];
  if (digit !== undefined && /^\^?\d\.\.\$?$/.test(value)) return `${digit}00-${digit}99`;
  const end = /\[(\d)-(\d)\]/.exec(value)?.[2];
  return set === undefined || end === undefined ? null : `${set}00-${end}99`;
}

import type { Collector } from "../output/collector.ts";
import type { ImportedTarget, Setting } from "../output/imported.ts";
import { unverified } from "../output/unverified.ts";
import { type Line, timeText } from "./sections.ts";

/** Reads a `server` or `server-template` as a target, and its options as settings of the group. */
export function readServer(line: Line, targets: ImportedTarget[], settings: Setting[], found: Collector): void {
  const template = line.words[0] === "server-template";
  const address = line.words[template ? 3 : 2] ?? "";
  const options = line.words.slice(template ? 4 : 3);
  const { origin } = line;
  if (/^(unix|abns|fd|sockpair|quic[46]?|rev)@|^\//.test(address) || address.includes("${")) {
    found.lose(origin, "sluice needs an address or name and a port, for TCP");
    return;
  }
  const weight = Number(options[options.indexOf("weight") + 1] ?? 1);
  if (options.includes("disabled") || (options.includes("weight") && weight === 0)) {
    found.needless(origin, "it gets no requests, so it is no target");
    return;
  }
  const bare = address.replace(/^(ipv4|ipv6)@/, "");
  const target = options.includes("ssl") ? `https://${bare}` : bare;
  if (targets.some((each) => each.address === target)) {
    found.lose(origin, "sluice has a target once in a group; give it a weight");
    return;
  }
  const backup = options.includes("backup");
  targets.push({
    address: target,
    weight: options.includes("weight") ? weight : 1,
    from: origin,
    ...backup ? { needs: "BACKUP" } : {},
  });
  const value = (name: string) => options.includes(name) ? options[options.indexOf(name) + 1] : undefined;
  const add = (name: string, text: string) => {
    const before = settings.find((each) => each.name === name);
    if (before === undefined) settings.push({ name, value: text, from: [origin] });
    else {
      before.from.push(origin);
      if (name === "BACKUP") before.value += `,${text}`;
    }
  };
  if (backup) add("BACKUP", target);
  const most = value("maxconn");
  if (most !== undefined) add("MAX_IN_FLIGHT", most);
  const slow = timeText(value("slowstart"));
  if (slow !== null) add("SLOW_START", slow);
  if (value("verify") === "none") {
    const { name, value: text } = unverified(origin, found);
    add(name, text);
  }
  const ca = value("ca-file");
  if (ca !== undefined) add("TLS_CA", ca);
  const sni = /^str\((.+)\)$/.exec(value("sni") ?? "")?.[1];
  if (sni !== undefined) add("TLS_SERVER_NAME", sni);
  for (
    const name of [
      "send-proxy",
      "send-proxy-v2",
      "crt",
      "track",
      "proto",
      "on-marked-down",
      "observe",
      "redir",
      "source",
    ]
  ) {
    if (options.includes(name)) found.lose(origin, `sluice has no counterpart for ${name}`);
  }
}

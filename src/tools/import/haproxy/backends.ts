import type { Collector } from "../output/collector.ts";
import { GroupList } from "../output/group_list.ts";
import type { ImportedTarget, Setting } from "../output/imported.ts";
import { healthSettings } from "./health.ts";
import { type Line, type Section, timeText } from "./sections.ts";

const ALGORITHMS: Readonly<Record<string, string>> = {
  roundrobin: "ROUND_ROBIN",
  "static-rr": "ROUND_ROBIN",
  leastconn: "LEAST_CONNECTIONS",
  random: "POWER_OF_TWO",
};

/** Makes target groups of sections with `server` lines. */
export class Backends {
  readonly #found: Collector;
  readonly #groups: GroupList;
  readonly #userSections: ReadonlyMap<string, Section>;
  readonly #used = new Set<Section>();

  constructor(found: Collector, sections: readonly Section[]) {
    this.#found = found;
    this.#groups = new GroupList(found);
    this.#userSections = new Map(
      sections.filter(({ kind }) => kind === "backend" || kind === "listen").map((each) => [each.name, each]),
    );
  }

  /** The section of a backend; undefined if there is none of this name. */
  section(name: string): Section | undefined {
    return this.#userSections.get(name);
  }

  /** The group of a section; null if it has no target that sluice can use. */
  groupOf(section: Section): string | null {
    this.#used.add(section);
    return this.#groups.nameFor(section.name, section.name, (name) => {
      const targets: ImportedTarget[] = [];
      const settings: Setting[] = [];
      const lines = [
        ...(section.defaults?.lines ?? []).filter((each) => each.words[0] !== "default-server"),
        ...section.lines,
      ];
      balance(lines, settings, this.#found);
      const standard = [...section.defaults?.lines ?? [], ...section.lines].filter((each) =>
        each.words[0] === "default-server"
      );
      for (const line of section.lines) {
        if (["server", "server-template"].includes(line.words[0]!)) readServer(line, targets, settings, this.#found);
      }
      if (targets.length === 0) return null;
      if (targets.some((each) => each.weight !== targets[0]!.weight)) weigh(targets, settings, this.#found);
      settings.push({ name: "PRESERVE_HOST", value: "true", from: [section.origin] });
      settings.push(...healthSettings(section, standard, this.#found));
      return { name, from: [section.origin], targets, settings };
    });
  }

  /** Says which backends no frontend names. */
  reportUnused(): void {
    for (const section of this.#userSections.values()) {
      if (this.#used.has(section) || section.kind === "listen") continue;
      this.#found.needless(section.origin, "no frontend passes requests to it");
      for (const line of section.lines) this.#found.needless(line.origin, "no frontend passes requests to its backend");
    }
  }
}

function balance(lines: readonly Line[], settings: Setting[], found: Collector): void {
  for (const { words, origin } of lines.filter((each) => each.words[0] === "balance").slice(-1)) {
    const [, name = "", argument] = words;
    const [, header] = /^hdr\((.+)\)$/.exec(name) ?? [];
    const key = name === "source"
      ? "client-ip"
      : name === "uri"
      ? "path"
      : header === undefined
      ? null
      : `header:${header}`;
    const hash = key ?? (name === "hash" ? hashKey(argument ?? "") : null);
    if (hash !== null) {
      settings.push({ name: "ALGORITHM", value: "HASH", from: [origin] }, {
        name: "HASH_KEY",
        value: hash,
        from: [origin],
      });
    } else if (Object.hasOwn(ALGORITHMS, name)) {
      settings.push({ name: "ALGORITHM", value: ALGORITHMS[name]!, from: [origin] });
    } else found.lose(origin, "sluice has no such algorithm");
  }
  for (const { words, origin } of lines.filter((each) => each.words[0] === "cookie").slice(-1)) {
    const [, name = "", ...options] = words;
    if (options.includes("prefix") || options.includes("rewrite")) {
      settings.push({ name: "STICKINESS_ENABLED", value: "true", from: [origin] });
      settings.push({ name: "STICKINESS_COOKIE", value: name, from: [origin] });
    } else {
      settings.push({ name: "STICKINESS_ENABLED", value: "true", from: [origin] });
      settings.push({ name: "STICKY_COOKIE_NAME", value: name, from: [origin] });
      const life = timeText(options[options.indexOf("maxlife") + 1]);
      const ttl = options.includes("maxlife") && life !== null ? life : "0";
      settings.push({ name: "STICKINESS_TTL", value: ttl, from: [origin] });
    }
  }
}

function hashKey(sample: string): string | null {
  const [, kind, name] = /^(?:req\.)?(hdr|cook)\(([^)]+)\)$/.exec(sample) ?? [];
  if (kind !== undefined) return `${kind === "hdr" ? "header" : "cookie"}:${name}`;
  if (sample === "src") return "client-ip";
  return ["path", "pathq", "url"].includes(sample) ? "path" : null;
}

function readServer(line: Line, targets: ImportedTarget[], settings: Setting[], found: Collector): void {
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
  if (value("verify") === "none") add("TLS_VERIFY", "none");
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

function weigh(targets: readonly ImportedTarget[], settings: Setting[], found: Collector): void {
  const algorithm = settings.find((each) => each.name === "ALGORITHM");
  const from = targets.find((each) => each.weight !== 1)!.from;
  if (algorithm === undefined) settings.unshift({ name: "ALGORITHM", value: "WEIGHTED", from: [from] });
  else if (algorithm.value === "ROUND_ROBIN") {
    algorithm.value = "WEIGHTED";
    algorithm.from.push(from);
  } else found.lose(from, `sluice has no weights with ${algorithm.value}`);
}

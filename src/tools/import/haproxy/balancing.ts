import type { Collector } from "../output/collector.ts";
import type { ImportedTarget, Setting } from "../output/imported.ts";
import { type Line, timeText } from "./sections.ts";

const ALGORITHMS: Readonly<Record<string, string>> = {
  roundrobin: "ROUND_ROBIN",
  "static-rr": "ROUND_ROBIN",
  leastconn: "LEAST_CONNECTIONS",
  random: "POWER_OF_TWO",
};

/** Reads `balance` and `cookie`. */
export function balance(lines: readonly Line[], settings: Setting[], found: Collector): void {
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

/** Makes an algorithm one with weights. */
export function weigh(targets: readonly ImportedTarget[], settings: Setting[], found: Collector): void {
  const algorithm = settings.find((each) => each.name === "ALGORITHM");
  const from = targets.find((each) => each.weight !== 1)!.from;
  if (algorithm === undefined) settings.unshift({ name: "ALGORITHM", value: "WEIGHTED", from: [from] });
  else if (algorithm.value === "ROUND_ROBIN") {
    algorithm.value = "WEIGHTED";
    algorithm.from.push(from);
  } else found.lose(from, `sluice has no weights with ${algorithm.value}`);
}

/** How a reader of requests forgives what RFC 9112 forbids. */
interface Leniency {
  /** What it does with a Transfer-Encoding: nothing, or chunks if the value names them anywhere. */
  readonly coding: "ignored" | "loose";
  /** Which Content-Length counts. */
  readonly length: "first" | "last";
  /** A line may end with LF alone, or with CR alone. */
  readonly lineEnd: RegExp;
  /** Blanks and NULs around names and values go. */
  readonly trims: RegExp;
}

const LENIENCIES: readonly Leniency[] = (["ignored", "loose"] as const).flatMap((coding) =>
  (["first", "last"] as const).flatMap((length) =>
    [/\r?\n/, /\r\n/, /\r\n|\r(?!\n)|\n/].map((lineEnd) => ({ coding, length, lineEnd, trims: /^[\s\0]+|[\s\0]+$/g }))
  )
);

/** The request targets that readers of all these kinds find in what reached a target, each of them once. */
export function targetsFoundIn(text: string): Set<string> {
  const found = new Set<string>();
  for (const leniency of LENIENCIES) for (const target of targetsOf(text, leniency)) found.add(target);
  return found;
}

function* targetsOf(text: string, leniency: Leniency): Generator<string> {
  const blank = new RegExp(`(?:${leniency.lineEnd.source})(?:${leniency.lineEnd.source})`);
  for (let rest = text.replace(/^[\r\n]+/, ""); rest !== "";) {
    const end = blank.exec(rest);
    const head = end === null ? rest : rest.slice(0, end.index);
    const [first, ...lines] = head.split(leniency.lineEnd);
    const target = /^\S+\s+(\S+)/.exec(first!);
    if (target === null) return;
    yield target[1]!;
    if (end === null) return;
    rest = rest.slice(end.index + end[0].length);
    rest = behindBody(rest, lines, leniency).replace(/^[\r\n]+/, "");
  }
}

function behindBody(text: string, lines: readonly string[], { coding, length, trims }: Leniency): string {
  const values = (name: string) =>
    lines.filter((line) => line.split(":")[0]!.replace(trims, "").toLowerCase() === name)
      .map((line) => line.slice(line.indexOf(":") + 1).replace(trims, ""));
  if (coding === "loose" && values("transfer-encoding").some((value) => /chunked/i.test(value))) {
    return behindChunks(text);
  }
  const lengths = values("content-length").map((value) => parseInt(value, 10)).filter((value) => value >= 0);
  return text.slice((length === "first" ? lengths[0] : lengths.at(-1)) ?? 0);
}

function behindChunks(text: string): string {
  for (let rest = text;;) {
    const size = /^[ \t+]*(?:0x)?([0-9a-f]+)[^\n]*\n/i.exec(rest);
    if (size === null) return rest;
    rest = rest.slice(size[0].length);
    const bytes = parseInt(size[1]!, 16);
    if (bytes === 0) return rest.replace(/^(?:[^\r\n]+\r?\n)*\r?\n?/, "");
    rest = rest.slice(bytes).replace(/^\r?\n/, "");
    if (rest === "") return rest;
  }
}

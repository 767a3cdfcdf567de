import type { Collector } from "../output/collector.ts";
import { GroupList } from "../output/group_list.ts";
import type { ImportedTarget, Setting } from "../output/imported.ts";
import { healthSettings } from "./health.ts";
import { balance, weigh } from "./balancing.ts";
import type { Section } from "./sections.ts";
import { readServer } from "./servers.ts";

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

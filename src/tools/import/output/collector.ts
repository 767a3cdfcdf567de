import { parseDuration } from "../../../config/values/duration.ts";
import { parseSize } from "../../../config/values/size.ts";
import { sameConditions } from "./rule_order.ts";
import type { ImportedGroup, ImportedRule, Origin, Remark, Setting } from "./imported.ts";

/** Collects what an importer finds; nothing that it is told of gets lost. */
export class Collector {
  readonly settings: Setting[] = [];
  readonly groups: ImportedGroup[] = [];
  /** In the order in which the imported system tries them. */
  readonly rules: ImportedRule[] = [];
  /** What could not be carried over. */
  readonly leftOut: Remark[] = [];
  /** What needs nothing in sluice. */
  readonly unneeded: Remark[] = [];

  /** Sets a variable of the listener; what comes first stays, and another value is reported. */
  set(name: string, value: string, origin: Origin, needs?: string): void {
    const before = this.settings.find((setting) => setting.name === name);
    if (before === undefined) this.settings.push({ name, value, from: [origin], needs });
    else if (before.value === value) before.from.push(origin);
    else this.lose(origin, `sluice has one ${name} for all requests, and it is ${before.value} already`);
  }

  /** Sets a variable of the listener that may be given in several places: the largest value is kept. */
  setMost(name: string, value: string, origin: Origin): void {
    const before = this.settings.find((setting) => setting.name === name);
    if (before === undefined) this.settings.push({ name, value, from: [origin] });
    else if (before.value === value) before.from.push(origin);
    else {
      const larger = amount(name, value) > amount(name, before.value);
      const [kept, dropped] = larger ? [value, before.value] : [before.value, value];
      const least = larger ? before.from[0]! : origin;
      if (larger) {
        before.value = value;
        before.from.splice(0, before.from.length, origin);
      }
      this.lose(least, `sluice has one ${name} for all requests: the larger ${kept} is taken, not ${dropped}`);
    }
  }

  /** Adds entries to a variable of the listener that is a list. */
  add(name: string, value: string, origin: Origin, separator = ","): void {
    addTo(this.settings, name, value, origin, separator);
  }

  /** Adds a rule, unless one before takes all its requests. */
  rule(rule: ImportedRule): void {
    const before = this.rules.find((each) => sameConditions(each.conditions, rule.conditions));
    if (before === undefined) this.rules.push({ ...rule, settings: this.#joined(rule.settings) });
    else this.needless(rule.from[0]!, `never reached: ${before.from[0]!.place} takes the same requests`);
  }

  /** Each variable once: headers are lists, of all others the first counts. */
  #joined(settings: readonly Setting[]): Setting[] {
    const all: Setting[] = [];
    for (const setting of settings) {
      const { name, value, from } = setting;
      const before = all.find((each) => each.name === name);
      if (before === undefined) all.push({ ...setting, from: [...from] });
      else if (before.value === value || name.includes("_HEADERS_")) {
        const lines = value.split("\n").filter((line) => !before.value.split("\n").includes(line));
        before.value = [before.value, ...lines].join("\n");
        before.from.push(...from);
      } else for (const origin of from) this.lose(origin, `a rule has one ${name}, and it is ${before.value} already`);
    }
    return all;
  }

  /** Says that something could not be carried over. */
  lose(origin: Origin, why: string): void {
    pushOnce(this.leftOut, origin, why);
  }

  /** Says that something needs no variable here. */
  needless(origin: Origin, why: string): void {
    pushOnce(this.unneeded, origin, why);
  }
}

/** Adds a value to a list of settings; with a separator, to what is there already. */
export function addTo(settings: Setting[], name: string, value: string, origin: Origin, separator: string): void {
  const before = settings.find((setting) => setting.name === name);
  if (before === undefined) settings.push({ name, value, from: [origin] });
  else {
    if (!before.value.split(separator).includes(value)) before.value += separator + value;
    before.from.push(origin);
  }
}

function pushOnce(remarks: Remark[], origin: Origin, text: string): void {
  const known = remarks.some((each) =>
    each.origin.place === origin.place && each.origin.text === origin.text && each.text === text
  );
  if (!known) remarks.push({ origin, text });
}

function amount(name: string, value: string): number {
  // A size of 0 sets no limit.
  if (name === "MAX_BODY_BYTES" && value === "0") return Infinity;
  return parseDuration(value) ?? parseSize(value) ?? Number(value);
}

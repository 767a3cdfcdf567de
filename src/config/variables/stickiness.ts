import { type Problem, problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import type { StickinessConfig } from "../model.ts";
import type { At, SettingsReader } from "../settings_reader.ts";
import { duration } from "../values/duration.ts";
import { ANY_COOKIE_NAME, COOKIE_NAME, defaultCookieName } from "../values/http_names.ts";
import { BOOLEAN, SECRET, SHORTEST_SECRET } from "../values/value_kind.ts";
import type { Scene, Topic } from "./topic.ts";
import { unusedOptions } from "./unused.ts";
import { defineForGroups } from "./variable.ts";

/** How clients stay with their targets. */
export const STICKINESS = {
  enabled: defineForGroups("STICKINESS_ENABLED", {
    kind: BOOLEAN,
    default: "false",
    meaning: "Keep each client with its target by a cookie, whatever the algorithm. The algorithm `STICKY` is " +
      "`ROUND_ROBIN` with it.",
    example: "true",
  }),
  ttlMs: defineForGroups("STICKINESS_TTL", {
    kind: duration(0, Number.MAX_SAFE_INTEGER),
    default: "1d",
    meaning: "How long a client stays with its target; 0: until it closes its browser.",
    example: "1h",
    older: "STICKY_TTL",
  }),
  applicationCookie: defineForGroups("STICKINESS_COOKIE", {
    kind: ANY_COOKIE_NAME,
    meaning: "Cookie of the application's own, such as `JSESSIONID`: a client stays with the target that sets it " +
      "([stickiness](#stickiness)).",
    example: "JSESSIONID",
  }),
  cookieName: defineForGroups("STICKY_COOKIE_NAME", {
    kind: COOKIE_NAME,
    default: "sluice-<group>",
    meaning: "Name of sluice's cookie.",
    example: "route",
  }),
  secret: defineForGroups("STICKY_SECRET", {
    kind: SECRET,
    meaning: "Secret that makes cookies unforgeable, the same on all replicas. Unset: sluice makes one at start, so " +
      "that pins end with the process.",
    example: "c0ffee5ec2e7c0ffee5ec2e7",
    secret: true,
    advice: (secret) =>
      secret.length < SHORTEST_SECRET
        ? [`Shorter than ${SHORTEST_SECRET} characters: it can be guessed, and cookies forged`]
        : [],
  }),
};

/** Parses a group's stickiness; null if it has none. @param implied Its algorithm is `STICKY`. */
export function parseStickiness(
  reader: SettingsReader,
  { name, implied }: { readonly name: string; readonly implied: boolean },
  at: At,
): StickinessConfig | null {
  const cookieName = { ...STICKINESS.cookieName, default: defaultCookieName(name) };
  const { enabled, ...stickiness } = reader.readAll({ ...STICKINESS, cookieName }, at);
  if (stickiness.applicationCookie === stickiness.cookieName) {
    const text = `Cannot be ${quote(stickiness.cookieName)}: that is the name of sluice's own cookie`;
    reader.report(problemOf(reader.shownAs(STICKINESS.applicationCookie, at), text));
  }
  if (!implied) return enabled ? stickiness : null;
  if (!enabled) {
    const variable = reader.shownAs(STICKINESS.enabled, at);
    reader.record({ variable, value: "true", origin: "algorithm STICKY", secret: false });
    const found = reader.find(STICKINESS.enabled, at);
    const text = `has no effect on group ${quote(name)}: its algorithm STICKY is ROUND_ROBIN with stickiness`;
    if (found !== null) reader.warn([problemOf(found.label, `${quote(found.text)} ${text}`)]);
  }
  return stickiness;
}

function adviceOnStickiness(scene: Scene): Problem[] {
  const { enabled, secret, ...options } = STICKINESS;
  // It signs the cookies of rules, too.
  const usedByRules = scene.config.rules.some(({ action }) => action.kind === "forward" && action.stickiness !== null);
  return [
    ...sharedCookies(scene),
    ...unusedOptions({
      variables: [...Object.values(options), ...usedByRules ? [] : [secret]],
      isUsedBy: ({ stickiness }) => stickiness !== null,
      why: () => "stickiness is off (STICKINESS_ENABLED=true turns it on)",
      switch: enabled,
    }, scene),
  ];
}

function sharedCookies({ config, reader }: Scene): Problem[] {
  const advice: Problem[] = [];
  const groupOf = new Map<string, string>();
  for (const { name, number, stickiness } of config.groups) {
    if (stickiness === null) continue;
    const cookie = stickiness.cookieName;
    const other = groupOf.get(cookie);
    if (other !== undefined) {
      const at = config.door === "groups" ? { number } : {};
      advice.push(problemOf(
        reader.shownAs(STICKINESS.cookieName, at),
        `Groups ${quote(other)} and ${quote(name)} share the cookie ${quote(cookie)} and overwrite each other's`,
      ));
    }
    groupOf.set(cookie, name);
  }
  return advice;
}

export const STICKINESS_TOPIC: Topic = {
  name: "stickiness",
  variables: STICKINESS,
  adviceOn: adviceOnStickiness,
};

import type { Conditions, From, ImportedRule, PathTest } from "../output/imported.ts";
import { NO_CONDITIONS } from "../output/imported.ts";
import { both } from "../output/conditions.ts";
import { literal } from "../output/patterns.ts";
import { toRe2 } from "../output/re2.ts";
import { type Directive, originOf } from "./directives.ts";
import { reportUnread } from "./directive_table.ts";
import { type LocationPath, type Places, readForwards } from "./forwarding.ts";
import { lostGuard } from "./access.ts";
import { readRuleSettings } from "./location_settings.ts";
import { readOwnAnswers } from "./own_answers.ts";
import { readOwnAnswer } from "./return_action.ts";
import type { Blocks } from "./values.ts";

/** What other parts of the importer read of a location or server; all else is reported. */
const READ = new Set([
  ...[
    "proxy_ssl_trusted_certificate",
    "proxy_ssl_name",
    "proxy_ssl_certificate",
    "proxy_ssl_certificate_key",
    "proxy_ssl_verify",
  ],
  ...["location", "proxy_pass", "proxy_set_header", "proxy_hide_header", "add_header", "proxy_redirect", "rewrite"],
  ...["return", "if", "allow", "deny", "limit_req", "limit_conn", "gzip", "client_max_body_size", "set"],
  ...["proxy_connect_timeout", "proxy_read_timeout", "proxy_send_timeout", "auth_basic_user_file"],
  ...["limit_req_zone", "limit_conn_zone", "listen", "server_name", "ssl_certificate", "ssl_certificate_key", "ssl"],
]);

/** A rule without the hosts and protocol of its server. */
export type BareRule = Pick<ImportedRule, "from" | "conditions" | "action" | "settings" | "guard">;

interface Location {
  readonly path: LocationPath;
  readonly directive: Directive;
  readonly blocks: Blocks;
}

/**
 * The rules of a server in the order in which nginx tries them: what the server answers by itself, exact locations,
 * `^~` prefixes, regular expressions in order, then prefixes, the longest first.
 */
export function readLocations(server: Directive, outer: Blocks, places: Places): BareRule[] {
  const blocks: Blocks = [server.block ?? [], ...outer];
  const locations = locationsIn(server.block ?? [], blocks);
  const own = readOwnAnswers(blocks, "server", places.found);
  const rules = own.map((answer): BareRule => ({ ...answer, settings: ruleSettings(blocks, false, places) }));
  const named = locations.filter(({ path }) => path.path.startsWith("@"));
  for (const { directive } of named) places.found.lose(originOf(directive), "sluice has no named locations");
  const all = ordered(locations);
  for (const location of all) if (location.path.modifier === "=") rules.push(...locationRules(location, places));
  rules.push(...all.flatMap(slashRule));
  for (const location of all) if (location.path.modifier !== "=") rules.push(...locationRules(location, places));
  for (const each of server.block ?? []) if (!READ.has(each.name)) reportUnread(each, places.found);
  return rules;
}

function locationsIn(block: readonly Directive[], blocks: Blocks): Location[] {
  return block.filter(({ name }) => name === "location").flatMap((directive) => {
    const inner: Blocks = [directive.block ?? [], ...blocks];
    return [{ path: pathOf(directive), directive, blocks: inner }, ...locationsIn(directive.block ?? [], inner)];
  });
}

function pathOf({ args }: Directive): LocationPath {
  const [first = "", second] = args;
  if (second !== undefined) return { modifier: first as LocationPath["modifier"], path: second };
  // `location =/x` and `location ~regex` may stand without a blank.
  const [, modifier = "", path = ""] = /^(=|\^~|~\*|~)?(.*)$/s.exec(first)!;
  return { modifier: modifier as LocationPath["modifier"], path };
}

/** nginx redirects from `/x` to a location `/x/` that passes requests on. */
function slashRule({ path, directive }: Location): BareRule[] {
  const passes = directive.block?.some(({ name }) => name === "proxy_pass") ?? false;
  const bare = path.path.slice(0, -1);
  if (!passes || !["", "^~"].includes(path.modifier) || !path.path.endsWith("/") || bare === "") return [];
  const from = originOf(directive);
  const location = `#{protocol}://#{host}:#{port}${path.path}?#{query}`;
  return [{
    from: [from],
    conditions: { ...NO_CONDITIONS, path: { value: { kind: "patterns", patterns: [literal(bare)] }, from } },
    action: { value: { kind: "redirect", status: 301, location }, from },
    settings: [],
  }];
}

const GROUPS: Readonly<Record<LocationPath["modifier"], number>> = { "=": 0, "^~": 1, "~": 2, "~*": 2, "": 3 };

function ordered(locations: readonly Location[]): Location[] {
  const rank = ({ path }: Location) => GROUPS[path.modifier];
  return locations.filter(({ path }) => !path.path.startsWith("@")).sort((one, other) =>
    rank(one) - rank(other) || (rank(one) === 2 ? 0 : other.path.path.length - one.path.path.length)
  );
}

function locationRules({ path, directive, blocks }: Location, places: Places): BareRule[] {
  const { found } = places;
  const block = directive.block ?? [];
  for (const each of block) if (!READ.has(each.name)) reportUnread(each, found);
  const test = pathTest(path, directive);
  const from = [originOf(directive)];
  if (test === null) {
    found.lose(from[0]!, "RE2's syntax, which sluice uses, has no such expression");
    for (const each of block) found.lose(originOf(each), "its location was not carried over");
    return [];
  }
  const here: Conditions = test.value.kind === "prefix" && test.value.prefix === "/"
    ? NO_CONDITIONS
    : { ...NO_CONDITIONS, path: test };
  const rules: BareRule[] = [];
  for (const answer of readOwnAnswers(blocks, "location", found)) {
    const conditions = both(here, answer.conditions);
    if (conditions === null) found.lose(answer.from[0]!, "a rule of sluice's has one test of the path");
    else rules.push({ ...answer, from, conditions, settings: ruleSettings(blocks, false, places) });
  }
  if (block.some(({ name }) => name === "return")) return rules;
  const pass = block.find(({ name }) => name === "proxy_pass");
  if (pass !== undefined) {
    const settings = ruleSettings(blocks, true, places);
    for (const forward of readForwards(pass, path, blocks, places)) {
      const conditions = both(here, forward.conditions);
      if (conditions === null) found.lose(forward.action.from, "a rule of sluice's has one test of each kind");
      else {
        const guard = lostGuard(blocks, found);
        const rule = { from, conditions, action: forward.action, settings: [...forward.settings, ...settings] };
        rules.push(guard === undefined ? rule : { ...rule, guard });
      }
    }
    return rules;
  }
  const nested = block.some(({ name }) => name === "location");
  if (rules.length > 0 && nested) return rules;
  // nginx would look for a file. Without a rule of its own, the request would go to the target of another location.
  found.lose(from[0]!, "sluice serves no files: it answers with 404 here");
  const action = readOwnAnswer(404, from[0]!);
  return [...rules, { from, conditions: here, action, settings: ruleSettings(blocks, false, places) }];
}

function ruleSettings(blocks: Blocks, forwards: boolean, { found }: Places): BareRule["settings"] {
  return readRuleSettings(blocks, forwards, found);
}

/** The path of a location; null if its regex can't be written in RE2's syntax. */
function pathTest({ modifier, path }: LocationPath, directive: Directive): From<PathTest> | null {
  const from = originOf(directive);
  if (modifier === "~" || modifier === "~*") {
    const regex = toRe2(path, modifier === "~*");
    return regex === null ? null : { value: { kind: "regex", regex }, from };
  }
  if (modifier === "=") return { value: { kind: "patterns", patterns: [literal(path)] }, from };
  // A prefix of nginx's ends anywhere: /api takes /apix too, where a prefix of sluice's takes whole segments.
  if (path.endsWith("/")) return { value: { kind: "prefix", prefix: path }, from };
  return { value: { kind: "patterns", patterns: [`${literal(path)}*`] }, from };
}

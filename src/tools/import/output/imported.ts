/**
 * What an imported configuration means, apart from how it was written: settings of the listener, target groups, and
 * rules in the order in which their system tries them. Each part says where it came from.
 */

/** Where a line of the result came from. */
export interface Origin {
  /** `site.conf:12`, or `alb.json: Rules[3].Actions[0]`. */
  readonly place: string;
  /** What stands there, in a line. */
  readonly text: string;
}

/** One variable; for rules and groups without `LISTENER_RULE_<N>_` and `TARGET_GROUP_<N>_`. */
export interface Setting {
  readonly name: string;
  value: string;
  readonly from: Origin[];
  /** A variable without which this one would be wrong. */
  readonly needs?: string;
}

/** A value with its origin. */
export interface From<T> {
  readonly value: T;
  readonly from: Origin;
  /** Other lines that are a part of it. */
  readonly also?: readonly Origin[];
}

/** What the path must be: whole segments, patterns of which one must fit, or a regular expression. */
export type PathTest =
  | { readonly kind: "prefix"; readonly prefix: string }
  | { readonly kind: "patterns"; readonly patterns: readonly string[] }
  | { readonly kind: "regex"; readonly regex: string };

/** A header, cookie or query parameter: one of the patterns must fit its value; with none it must only be there. */
export interface NamedTest {
  readonly name: string;
  readonly patterns: readonly string[];
}

/** All must hold; a list without entries holds for every request. */
export interface Conditions {
  readonly path?: From<PathTest>;
  readonly hosts: readonly From<string>[];
  readonly methods: readonly From<string>[];
  readonly headers: readonly From<NamedTest>[];
  readonly cookies: readonly From<NamedTest>[];
  readonly queries: readonly From<NamedTest>[];
  readonly sourceIps: readonly From<string>[];
  readonly protocol?: From<"http" | "https">;
}

/** Conditions that every request meets. */
export const NO_CONDITIONS: Conditions = {
  hosts: [],
  methods: [],
  headers: [],
  cookies: [],
  queries: [],
  sourceIps: [],
};

/** What a rule does. */
export type Action =
  | { readonly kind: "forward"; readonly groups: readonly { readonly name: string; readonly weight: number }[] }
  | { readonly kind: "redirect"; readonly status: number; readonly location: string }
  | { readonly kind: "fixed"; readonly status: number; readonly type: string; readonly body: string };

/** One rule. */
export interface ImportedRule {
  readonly from: readonly Origin[];
  readonly conditions: Conditions;
  readonly action: From<Action>;
  readonly settings: readonly Setting[];
  /**
   * What keeps clients out and could not be carried over: the rule then responds with 403, so that nothing is opened.
   */
  readonly guard?: Origin;
}

/** One target of a group. */
export interface ImportedTarget {
  /** As `TARGET_GROUP_<N>_TARGETS` has it. */
  readonly address: string;
  readonly weight: number;
  readonly from: Origin;
  /** A variable of the group without which it would get requests that it should not: then it is left out. */
  readonly needs?: string;
}

/** One target group. */
export interface ImportedGroup {
  readonly name: string;
  readonly from: readonly Origin[];
  readonly targets: readonly ImportedTarget[];
  readonly settings: readonly Setting[];
}

/** A remark about something in the source. */
export interface Remark {
  readonly origin: Origin;
  readonly text: string;
}

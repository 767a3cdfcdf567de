/** What a rule does with its requests. */
export type RuleAction = ForwardAction | RedirectAction | FixedResponseAction;

/** `_TARGET_GROUP`: they go to a target group, or are shared out over several. */
export interface ForwardAction {
  readonly kind: "forward";
  /** Not all of their weights are 0. */
  readonly groups: readonly WeightedGroup[];
  /** `_TARGET_GROUP_FAILOVER`: if a group has no eligible target, another one is chosen. */
  readonly failover: boolean;
  /** Null if `_STICKINESS_ENABLED` is off. */
  readonly stickiness: RuleStickiness | null;
  /** Null sends the path as it came. */
  readonly rewrite: PathRewrite | null;
  /** `_HOST_REWRITE`: the Host that targets see; null leaves that to their group. */
  readonly hostRewrite: string | null;
}

/** A target group's share: its weight, 0 to 999, of the sum of all. */
export interface WeightedGroup {
  readonly name: string;
  readonly weight: number;
}

/** How long a client stays with its group. */
export interface RuleStickiness {
  /** `_STICKINESS_TTL`; 0 makes a session cookie. */
  readonly ttlMs: number;
  /** STICKY_SECRET; null where unset (one is made at the start). */
  readonly secret: string | null;
}

/** How the path changes on its way to a target, before the target's base. */
export type PathRewrite =
  /** `_PATH_REWRITE`: whole segments are stripped. */
  | { readonly kind: "strip"; readonly prefix: string }
  /** `_REWRITE_REGEX`: the first match is replaced; `$1`, `${1}` and `$$` in the replacement. */
  | { readonly kind: "regex"; readonly regex: string; readonly replacement: string };

/** `_REDIRECT`: sluice answers with a Location. */
export interface RedirectAction {
  readonly kind: "redirect";
  readonly status: number;
  /** With placeholders such as `#{host}`. */
  readonly location: string;
}

/** `_FIXED_RESPONSE`: sluice answers with the same response each time. */
export interface FixedResponseAction {
  readonly kind: "fixed_response";
  readonly status: number;
  /** Null without a body. */
  readonly contentType: string | null;
  readonly body: string;
}

/** The names of the groups that a rule can send requests to. */
export function groupsOf(action: RuleAction): readonly string[] {
  return action.kind === "forward" ? action.groups.map(({ name }) => name) : [];
}

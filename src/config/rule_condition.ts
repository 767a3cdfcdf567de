/**
 * What must hold for a request. One value of several is enough; patterns have `*` for any characters and `?` for one.
 */
export type RuleCondition =
  | PathPrefixCondition
  | PathCondition
  | PathRegexCondition
  | HostCondition
  | MethodCondition
  | NamedCondition<"header">
  | NamedCondition<"cookie">
  | NamedCondition<"query">
  | SourceIpCondition
  | ProtocolCondition;

/** Which part of a request a condition is about. */
export type ConditionKind = RuleCondition["kind"];

interface Written<K extends string> {
  readonly kind: K;
  /** As it is configured. */
  readonly text: string;
}

/** `_PATH_PREFIX`: the path begins with these whole segments. */
export interface PathPrefixCondition extends Written<"path_prefix"> {
  readonly prefix: string;
}

/** `_PATH`: the whole path is like a pattern; case counts. */
export interface PathCondition extends Written<"path"> {
  readonly patterns: readonly string[];
}

/** `_PATH_REGEX`: a part of the path matches, in RE2's syntax. */
export interface PathRegexCondition extends Written<"path_regex"> {
  readonly regex: string;
}

/** `_HOST`: the host without port and final dot is like a pattern, in any case. */
export interface HostCondition extends Written<"host"> {
  /** In lower case. */
  readonly patterns: readonly string[];
}

/** `_METHOD`: the method is one of these, by case. */
export interface MethodCondition extends Written<"method"> {
  readonly methods: readonly string[];
}

/** `_HEADER`, `_COOKIE`, `_QUERY`: there is a value of that name, and it is like a pattern. */
export interface NamedCondition<K extends "header" | "cookie" | "query"> extends Written<K> {
  readonly name: string;
  /** Empty: any value. */
  readonly patterns: readonly string[];
}

/** `_SOURCE_IP`: the client's address is in one of these ranges. */
export interface SourceIpCondition extends Written<"source_ip"> {
  /** CIDRs. */
  readonly ranges: readonly string[];
}

/** `_PROTOCOL`: the client came by one of these. */
export interface ProtocolCondition extends Written<"protocol"> {
  readonly protocols: readonly ("http" | "https")[];
}

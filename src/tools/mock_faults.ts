import { z } from "zod";
import { quote } from "../logging/shown_text.ts";

/** What a mock target does wrong on purpose. A field that is absent is a fault that is off. */
export interface MockFaults {
  /** Wait before the answer. */
  readonly delayMs?: number;
  /** Added to the delay: uniform between 0 and this. */
  readonly jitterMs?: number;
  /** Share of requests (0 to 1) that get the error code; absent: all of them, if there is an error code. */
  readonly errorRate?: number;
  /** Status of a failed request; 500 if only the rate is given. */
  readonly errorCode?: number;
  /** Status of `/health`, which then answers at once and takes no part in delay and errors. */
  readonly healthCode?: number;
  /** Accept and never answer, `/health` included. */
  readonly hang?: boolean;
  /** Tear the connection down without an answer, `/health` included. */
  readonly reset?: boolean;
  /** Headers at once, then the body in pieces over this long. */
  readonly slowBodyMs?: number;
}

/** A day: longer waits are a slip of the unit. */
const LONGEST_MS = 86_400_000;

const wait = z.number().min(0).max(LONGEST_MS);
const status = z.int().min(200).max(599);

/** `null` switches a fault off, and a field that is not named stays as it was. */
const change = z.strictObject({
  delayMs: wait.nullable().optional(),
  jitterMs: wait.nullable().optional(),
  errorRate: z.number().min(0).max(1).nullable().optional(),
  errorCode: status.nullable().optional(),
  healthCode: status.nullable().optional(),
  hang: z.boolean().nullable().optional(),
  reset: z.boolean().nullable().optional(),
  slowBodyMs: wait.nullable().optional(),
});

const ALLOWED = {
  delayMs: `milliseconds, 0 to ${LONGEST_MS}`,
  jitterMs: `milliseconds, 0 to ${LONGEST_MS}`,
  errorRate: "a share, 0 to 1",
  errorCode: "a status, 200 to 599",
  healthCode: "a status, 200 to 599",
  hang: "true or false",
  reset: "true or false",
  slowBodyMs: `milliseconds, 0 to ${LONGEST_MS}`,
} as const satisfies Record<keyof MockFaults, string>;

/** Either the faults after the change, or what was wrong with it. */
export type FaultChange = { readonly faults: MockFaults } | { readonly problems: readonly string[] };

/** Merges a change (parsed JSON) into the faults. Nothing of it is taken if any part is wrong. */
export function changeFaults(current: MockFaults, wanted: unknown): FaultChange {
  const parsed = change.safeParse(wanted);
  if (!parsed.success) return { problems: parsed.error.issues.flatMap((issue) => sayIssue(issue, wanted)) };
  const faults: Record<string, unknown> = { ...current };
  for (const [name, value] of Object.entries(parsed.data)) {
    if (value === null) delete faults[name];
    else if (value !== undefined) faults[name] = value;
  }
  return { faults };
}

/** Lists the fields that a change may name and what each takes. */
export function allowedFaults(): Readonly<Record<keyof MockFaults, string>> {
  return ALLOWED;
}

/** Reads `MOCK_DELAY_MS`, `MOCK_ERROR_CODE` and `MOCK_HEALTH_CODE`. An empty value counts as unset. */
export function faultsFromEnvironment(env: Readonly<Record<string, string | undefined>>): FaultChange {
  const variables = { MOCK_DELAY_MS: "delayMs", MOCK_ERROR_CODE: "errorCode", MOCK_HEALTH_CODE: "healthCode" } as const;
  const faults: Record<string, number> = {};
  const problems: string[] = [];
  for (const [variable, field] of Object.entries(variables)) {
    const text = env[variable]?.trim() ?? "";
    if (text === "") continue;
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (change.shape[field].safeParse(value).success) faults[field] = value;
    else problems.push(`Cannot use ${quote(text)} as ${variable}: it must be ${ALLOWED[field]}`);
  }
  return problems.length > 0 ? { problems } : { faults };
}

function sayIssue(issue: z.core.$ZodIssue, wanted: unknown): string[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => `Unknown fault ${quote(key)}`);
  const field = issue.path[0];
  if (typeof field !== "string" || !(field in ALLOWED)) return ["A change of faults must be a JSON object"];
  const value = JSON.stringify((wanted as Record<string, unknown>)[field]);
  return [`Cannot use ${value} as ${field}: it must be ${ALLOWED[field as keyof MockFaults]}`];
}

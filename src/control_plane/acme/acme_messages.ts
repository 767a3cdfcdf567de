import { z } from "zod";
import { AcmeError } from "./acme_error.ts";

/** What a directory offers (RFC 8555 section 7.1.1). */
export const DIRECTORY = z.object({
  newNonce: z.string(),
  newAccount: z.string(),
  newOrder: z.string(),
  meta: z.object({ externalAccountRequired: z.boolean().optional() }).optional(),
});
export type Directory = z.infer<typeof DIRECTORY>;

/** Why something failed (RFC 7807). */
const PROBLEM = z.object({
  type: z.string().optional(),
  detail: z.string().optional(),
  subproblems: z.array(z.object({ detail: z.string().optional() })).optional(),
});

/** RFC 8555 section 7.1.3. One name has one authorization. */
export const ORDER = z.object({
  status: z.string(),
  authorizations: z.array(z.string()).max(100),
  finalize: z.string(),
  certificate: z.string().optional(),
  error: PROBLEM.optional(),
});

/** RFC 8555 section 7.1.4. */
export const AUTHORIZATION = z.object({
  status: z.string(),
  identifier: z.object({ value: z.string() }),
  challenges: z.array(z.object({
    type: z.string(),
    url: z.string(),
    // Challenges of other kinds need not have one.
    token: z.string().optional(),
    error: PROBLEM.optional(),
  })),
});

/** Reads a response in JSON. Throws `AcmeError` if it is another. @param what What was asked for, in words. */
export function readMessage<T>(text: string, schema: z.ZodType<T>, what: string): T {
  const read = schema.safeParse(jsonOf(text));
  if (read.success) return read.data;
  const [{ path, message }] = read.error.issues as [z.core.$ZodIssue];
  const where = path.length === 0 ? "" : `${path.join(".")}: `;
  throw new AcmeError(`${what}: the directory's response is malformed: ${where}${message}`);
}

/** Says why a directory refused something. */
export function refusalOf(
  text: string,
  { status, retryAfterMs, what }: {
    readonly status: number;
    readonly retryAfterMs: number | null;
    readonly what: string;
  },
): AcmeError {
  const read = PROBLEM.safeParse(jsonOf(text));
  const { type, detail, subproblems = [] } = read.success ? read.data : {};
  const name = type?.replace("urn:ietf:params:acme:error:", "") ?? null;
  const words = [detail, ...subproblems.map((each) => each.detail)].filter((each) => each !== undefined).join("; ");
  const refused = words === "" ? `status ${status}` : words;
  return new AcmeError(`${what} was refused: ${name === null ? refused : `${refused} (${name})`}`, {
    type: name,
    retryAfterMs,
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

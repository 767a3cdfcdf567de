import type { z } from "zod";
import { AcmeError } from "./acme_error.ts";
import { AUTHORIZATION, ORDER } from "./acme_messages.ts";
import type { AcmeSession } from "./acme_session.ts";
import { type AccountKey, base64url, type ExternalAccount } from "./account_key.ts";
import { makeSigningRequest } from "./signing_request.ts";

/** Between two looks at what the directory has yet to do, unless it says how long to wait. */
const POLL_MS = 500;
/** Longest wait between two looks, whatever it says. */
const LONGEST_POLL_MS = 30_000;
/** How long the directory may take to check a challenge, or to sign. */
const PATIENCE_MS = 120_000;

/** What an account is made with. */
export interface AccountFacts {
  /** Where the directory may write to; null for nowhere. */
  readonly email: string | null;
  readonly external: ExternalAccount | null;
}

/** What an order needs of its surroundings. */
export interface OrderParts {
  readonly session: AcmeSession;
  readonly key: AccountKey;
  /** Monotonic ms. */
  nowMs(): number;
  wait(ms: number): Promise<void>;
  /** Serves the text at `/.well-known/acme-challenge/<token>` from now on; resolves when it is served. */
  publish(token: string, text: string): Promise<void>;
  /** No directory asks for it any more. */
  withdraw(token: string): Promise<void>;
}

/** A certificate as it was issued, PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Makes the account, or finds the one that this key has; the session knows its URL from then on (RFC 8555 section 7.3).
 */
export async function openAccount(
  session: AcmeSession,
  key: AccountKey,
  { email, external }: AccountFacts,
): Promise<void> {
  const url = session.directory.newAccount;
  if (session.directory.meta?.externalAccountRequired === true && external === null) {
    throw new AcmeError("The directory wants an external account: set ACME_EAB_KID and ACME_EAB_HMAC");
  }
  const response = await session.post(url, {
    termsOfServiceAgreed: true,
    ...(email === null ? {} : { contact: [`mailto:${email}`] }),
    ...(external === null ? {} : { externalAccountBinding: await key.bindTo(external, url) }),
  }, "The account");
  session.keyId = response.location;
}

/**
 * Orders one certificate for some names by HTTP-01 (RFC 8555 section 7.4 and 8.3): proves each name, sends a signing
 * request with a fresh key, and waits for the certificate. Throws `AcmeError` that says which step failed.
 */
export async function orderCertificate(names: readonly string[], parts: OrderParts): Promise<Issued> {
  const { session } = parts;
  const identifiers = names.map((value) => ({ type: "dns", value }));
  const asked = { what: "The order", schema: ORDER };
  const made = await session.postJson(session.directory.newOrder, { identifiers }, asked);
  const url = made.response.location;
  for (const authorization of made.value.authorizations) await prove(authorization, parts);

  const { request, key } = await makeSigningRequest(names);
  await session.post(made.value.finalize, { csr: base64url(request) }, "The signing request");
  const order = await until(url, parts, {
    ...asked,
    isOver: ({ status }) => status === "valid" || status === "invalid",
  });
  if (order.status !== "valid" || order.certificate === undefined) {
    throw new AcmeError(`The order failed: ${order.error?.detail ?? `its status is ${order.status}`}`);
  }
  const { text } = await session.post(order.certificate, null, "The certificate");
  return { certificate: text, key };
}

async function prove(url: string, parts: OrderParts): Promise<void> {
  const { session, key, publish, withdraw } = parts;
  const asked = { what: "The authorization", schema: AUTHORIZATION };
  const { value: authorization } = await session.postJson(url, null, asked);
  if (authorization.status === "valid") return;
  const { value: name } = authorization.identifier;
  const challenge = authorization.challenges.find(({ type }) => type === "http-01");
  if (challenge === undefined) throw new AcmeError(`The directory offers no HTTP-01 challenge for ${name}`);
  const { token = "" } = challenge;
  await publish(token, `${token}.${key.thumbprint}`);
  try {
    await session.post(challenge.url, {}, `The challenge for ${name}`);
    const checked = await until(url, parts, {
      what: `The authorization of ${name}`,
      schema: AUTHORIZATION,
      isOver: ({ status }) => status !== "pending" && status !== "processing",
    });
    if (checked.status === "valid") return;
    const why = checked.challenges.find(({ error }) => error !== undefined)?.error?.detail;
    throw new AcmeError(
      `The directory could not prove that ${name} is served here: ${why ?? `it is ${checked.status}`}`,
    );
  } finally {
    await withdraw(token);
  }
}

async function until<T>(
  url: string,
  { session, nowMs, wait }: OrderParts,
  { what, schema, isOver }: {
    readonly what: string;
    readonly schema: z.ZodType<T>;
    readonly isOver: (value: T) => boolean;
  },
): Promise<T> {
  const untilMs = nowMs() + PATIENCE_MS;
  for (;;) {
    const { value, response } = await session.postJson(url, null, { what, schema });
    if (isOver(value)) return value;
    const waitMs = Math.min(response.retryAfterMs ?? POLL_MS, LONGEST_POLL_MS);
    if (nowMs() + waitMs > untilMs) throw new AcmeError(`${what} was not decided within ${PATIENCE_MS / 1000} s`);
    await wait(Math.max(waitMs, 50));
  }
}

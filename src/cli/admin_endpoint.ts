import { BAD_PORTS } from "../forwarding/fetch/bad_ports.ts";
import { formatHostPort, isWildcard } from "../config/values/address_values.ts";
import type { ParseResult } from "../config/parse_config.ts";
import { quote } from "../logging/shown_text.ts";
import type { Clock } from "../time/clock.ts";
import { withTimeout } from "../time/with_timeout.ts";

/** Longest wait for an answer of the admin listener. */
const ANSWER_MS = 5000;

/** The admin listener of the running sluice, as the sources that started it name it. */
export interface AdminEndpoint {
  /** No `/` at the end. */
  readonly url: string;
  readonly token: string | null;
  /** ADMIN_PORT was not given: if port 9901 was in use at start, sluice has another one. */
  readonly portIsDefault: boolean;
}

/** The admin listener could not be reached, or its response is not usable: one line for the user, exit code 1. */
export class AdminUnreachable extends Error {}

/**
 * Finds the admin listener from the same sources as `serve` does, or says why it can't. A configuration with problems
 * is good enough: the running sluice started with an earlier one.
 *
 * @param given `--admin URL`, before anything else.
 */
export function adminEndpoint(result: ParseResult, given?: string): AdminEndpoint | { readonly problem: string } {
  const setting = (name: string) => result.settings.find(({ variable }) => variable === name);
  const token = setting("ADMIN_TOKEN")?.value || null;
  if (given !== undefined) {
    if (!/^http:\/\/[^/?#\s]+\/?$/i.test(given) || !URL.canParse(given)) {
      return { problem: `Cannot use ${quote(given)} as --admin: it must be a URL like http://127.0.0.1:9901` };
    }
    return { url: given.replace(/\/$/, ""), token, portIsDefault: false };
  }
  const host = setting("ADMIN_HOST")?.value ?? "";
  const port = setting("ADMIN_PORT");
  if (port === undefined || port.value === "off") {
    return { problem: "The admin listener is off (ADMIN_PORT=off), so there is nothing to ask" };
  }
  if (port.value === "0") {
    return {
      problem: "ADMIN_PORT is 0, so only the log of the running sluice has the port: use --admin URL",
    };
  }
  return {
    url: `http://${
      formatHostPort(isWildcard(host) ? (host === "::" ? "::1" : "127.0.0.1") : host, Number(port.value))
    }`,
    token,
    portIsDefault: port.origin.startsWith("default"),
  };
}

/** Asks the admin listener; returns status and text. Throws {@linkcode AdminUnreachable} if there is no answer. */
export async function askAdmin(
  endpoint: AdminEndpoint,
  path: string,
  clock: Clock,
): Promise<{ status: number; text: string }> {
  using timeout = withTimeout(clock, ANSWER_MS);
  const { hostname, port } = new URL(endpoint.url);
  // fetch refuses URLs with some ports that an admin listener may have. For these, a client connects to the address
  // directly.
  const directed = BAD_PORTS.has(Number(port));
  const proxy = { transport: "tcp" as const, hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
  // A connection of its own, so that nothing is left open when the command is done.
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0, ...(directed ? { proxy } : {}) });
  try {
    const response = await fetch(directed ? `http://${hostname}${path}` : new URL(path, endpoint.url), {
      client,
      signal: timeout.signal,
      redirect: "manual",
      headers: endpoint.token === null ? {} : { authorization: `Bearer ${endpoint.token}` },
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    const why = timeout.passed ? `no response within ${ANSWER_MS / 1000} s` : whyNoAnswer(error);
    throw new AdminUnreachable(`Cannot reach the admin listener at ${endpoint.url}: ${why}${hintOf(endpoint)}`);
  } finally {
    client.close();
  }
}

/** Asks for JSON; anything but a 200 with JSON in it is {@linkcode AdminUnreachable}, in words. */
export async function askAdminJson<T>(endpoint: AdminEndpoint, path: string, clock: Clock): Promise<T> {
  const { status, text } = await askAdmin(endpoint, path, clock);
  if (status === 401) {
    throw new AdminUnreachable(
      `The admin listener at ${endpoint.url} refuses this token: set ADMIN_TOKEN to the value that the running ` +
        `sluice has`,
    );
  }
  try {
    const value = JSON.parse(text);
    if (status === 200) return value as T;
    if (typeof value.error === "string") {
      throw new AdminUnreachable(`The admin listener at ${endpoint.url} says: ${value.error}`);
    }
  } catch (error) {
    if (error instanceof AdminUnreachable) throw error;
  }
  throw new AdminUnreachable(
    `The server at ${endpoint.url} is not sluice, or another version of it (status ${status})${hintOf(endpoint)}`,
  );
}

/** A hint for the message if the port is the default one and may be wrong. */
export function hintOf(endpoint: AdminEndpoint): string {
  return endpoint.portIsDefault
    ? "; if port 9901 was in use at start, sluice took a free port and logged it: set ADMIN_PORT"
    : "";
}

function whyNoAnswer(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
  if (cause.includes("Connection refused")) return "the connection was refused";
  return cause;
}

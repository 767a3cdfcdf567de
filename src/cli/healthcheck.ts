import { formatHostPort, isWildcard } from "../config/values/address_values.ts";
import type { ParseResult } from "../config/parse_config.ts";
import type { Clock } from "../time/clock.ts";
import { adminEndpoint, AdminUnreachable, askAdmin, hintOf } from "./admin_endpoint.ts";

/** What `healthcheck` found: the exit code, and for 1 a line that says why. */
export interface HealthcheckResult {
  readonly exitCode: 0 | 1;
  readonly line: string | null;
}

/**
 * Asks whether the sluice on this machine that was started from the same sources should get traffic: by `/readyz`, or
 * by connecting to the listener if the admin listener is off. For containers, which have neither shell nor curl.
 */
export async function runHealthcheck(result: ParseResult, clock: Clock): Promise<HealthcheckResult> {
  const value = (name: string) => result.settings.find(({ variable }) => variable === name)?.value ?? "";
  if (value("ADMIN_PORT") === "off") return await connects(value("LISTENER_HOST"), value("LISTENER_PORT"));
  const endpoint = adminEndpoint(result);
  if ("problem" in endpoint) return unhealthy(endpoint.problem.replace(/: use --admin URL$/, ": set ADMIN_PORT"));
  try {
    const { status, text } = await askAdmin(endpoint, "/readyz", clock);
    if (status === 200 && text === "ready\n") return { exitCode: 0, line: null };
    if (status === 503 && text === "not ready\n") return unhealthy("Not ready: sluice is starting or stopping");
    return unhealthy(`The server at ${endpoint.url} is not sluice (status ${status} for /readyz)${hintOf(endpoint)}`);
  } catch (error) {
    if (error instanceof AdminUnreachable) return unhealthy(error.message);
    throw error;
  }
}

async function connects(host: string, port: string): Promise<HealthcheckResult> {
  if (port === "0") {
    return unhealthy("LISTENER_PORT is 0 and ADMIN_PORT is off, so the port of the running sluice is unknown");
  }
  const hostname = host === "::" ? "::1" : isWildcard(host) ? "127.0.0.1" : host;
  try {
    (await Deno.connect({ hostname, port: Number(port) })).close();
    return { exitCode: 0, line: null };
  } catch (error) {
    const why = error instanceof Deno.errors.ConnectionRefused ? "the connection was refused" : String(error);
    return unhealthy(`Cannot connect to the listener at ${formatHostPort(hostname, Number(port))}: ${why}`);
  }
}

function unhealthy(line: string): HealthcheckResult {
  return { exitCode: 1, line };
}

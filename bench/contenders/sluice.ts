import type { BenchCertificates } from "../certificates.ts";
import { freePort } from "../../tests/support/free_port.ts";
import { sluiceCommand, sluiceEnvironment } from "../../tests/support/sluice_program.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { type Contender, startContender } from "../contender.ts";
import { PROXY_CORES } from "../process.ts";

/** How sluice is set up in a scenario. */
export interface SluiceSetup {
  readonly name?: string;
  /** Variables beside those that name rules and targets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Path prefixes, all for the one group; default: `/`. */
  readonly prefixes?: readonly string[];
  /** Hosts, a rule each; default: rules have prefixes and no host. */
  readonly hosts?: readonly string[];
  /** Stripped from the path of each rule's requests: the prefix itself. */
  readonly stripPrefix?: boolean;
  /** Weights 1, 2, 3, 1, 2, 3 ... for the targets. */
  readonly weighted?: boolean;
  /** With TLS, how many certificates it chooses between; default 1. */
  readonly certificates?: number;
  readonly cores?: string;
}

/**
 * sluice as it comes: access log, statistics and admin listener on, one worker. The engine is serve, which most tables
 * of docs/performance.md are about; scenarios of the engine wire set it.
 */
export function sluice(setup: SluiceSetup = {}): Contender {
  return {
    name: setup.name ?? "sluice",
    needs: [],
    async start({ targets, cores = setup.cores ?? PROXY_CORES, under, clientsTls = null, targetsTls = null }) {
      const port = freePort();
      const dir = await tempDir();
      const command = sluiceCommand([], Deno.env.get("SLUICE_PROGRAM"));
      return await startContender({
        ...command,
        cwd: dir.path,
        env: sluiceEnvironment({
          LISTENER_HOST: "127.0.0.1",
          ...listenerVariables(setup, port, clientsTls),
          LISTENER_ENGINE: "serve",
          LISTENER_WORKERS: "1",
          ADMIN_PORT: "0",
          TARGET_GROUP_1_NAME: "bench",
          TARGET_GROUP_1_TARGETS: targets.map((target) => targetsTls === null ? target : `https://${target}`).join(","),
          ...trustVariables(setup, targetsTls),
          ...ruleVariables(setup),
          TARGET_GROUP_1_WEIGHTS: setup.weighted
            ? targets.map((target, i) => `${target}:${i % 3 + 1}`).join(",")
            : undefined,
          ...setup.env,
        }),
        cores,
        under,
        port,
        authority: clientsTls?.authority,
      }, dir);
    },
  };
}

function listenerVariables(
  { certificates = 1 }: SluiceSetup,
  port: number,
  files: BenchCertificates | null,
): Record<string, string> {
  if (files === null) return { LISTENER_PORT: `${port}` };
  const variables: Record<string, string> = { LISTENER_PORT: "off", LISTENER_TLS_PORT: `${port}` };
  for (let i = 1; i <= certificates; i++) {
    variables[`LISTENER_TLS_CERT_${i}`] = files.certificateFile;
    variables[`LISTENER_TLS_KEY_${i}`] = files.keyFile;
  }
  return variables;
}

/** Whom sluice trusts; `fetch` takes authorities from Deno's own variable alone. */
function trustVariables({ env }: SluiceSetup, certificates: BenchCertificates | null): Record<string, string> {
  if (certificates === null) return {};
  const variable = env?.UPSTREAM_TRANSPORT === "fetch" ? "DENO_CERT" : "TARGET_GROUP_1_TLS_CA";
  return { [variable]: certificates.authorityFile };
}

function ruleVariables(setup: SluiceSetup): Record<string, string> {
  const variables: Record<string, string> = {};
  if (setup.hosts !== undefined) {
    for (const [i, host] of setup.hosts.entries()) {
      variables[`LISTENER_RULE_${i + 1}_HOST`] = host;
      variables[`LISTENER_RULE_${i + 1}_TARGET_GROUP`] = "bench";
    }
    return variables;
  }
  (setup.prefixes ?? ["/"]).forEach((prefix, i) => {
    variables[`LISTENER_RULE_${i + 1}_PATH_PREFIX`] = prefix;
    variables[`LISTENER_RULE_${i + 1}_TARGET_GROUP`] = "bench";
    if (setup.stripPrefix) variables[`LISTENER_RULE_${i + 1}_PATH_REWRITE`] = prefix;
  });
  return variables;
}

/** sluice with so many rules, of which `/svc-0000` stands in the middle. */
export function rules(count: number): SluiceSetup {
  // the request's rule is number 1 of one, and stands in the middle of many
  const own = count >> 1;
  const prefixes = Array.from(
    { length: count },
    (_, i) => `/svc-${String((i - own + count) % count).padStart(4, "0")}`,
  );
  return { name: `sluice, ${count} rules`, prefixes, stripPrefix: true };
}

/** sluice with so many rules on as many hosts, of which the one that is asked for stands in the middle. */
export function hosts(count: number, engine: "serve" | "wire"): SluiceSetup {
  const all = Array.from({ length: count }, (_, i) => i === count >> 1 ? "127.0.0.1" : `svc-${i}.example.com`);
  return { name: `sluice ${engine}, ${count} hosts`, hosts: all, env: { LISTENER_ENGINE: engine } };
}

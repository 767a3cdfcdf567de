/**
 * What `/explain` says is what the proxy does. Both are asked through their public doors, one request after another:
 * first the question, then the request itself; the client, the target and the decisions are the witnesses.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Decision } from "../../src/views/decision.ts";
import type { Explanation } from "../../src/views/explanation.ts";
import { freePort } from "../support/free_port.ts";
import { MockGroup } from "../support/mock_group.ts";
import { until } from "../support/poll.ts";
import { type RandomRequest, randomRequest, type RandomSetup, randomSetup } from "../support/random_traffic.ts";
import { bodyText, header, headerValues } from "../support/raw_message.ts";
import { SEED } from "../support/seed.ts";
import { type SluiceProcess, startSluice } from "../support/sluice_process.ts";
import { KeptClient } from "../support/kept_client.ts";

const MOCKS = 8;
/** `SLUICE_TEST_SETUPS=200` for the long form. */
const SETUPS = Number(Deno.env.get("SLUICE_TEST_SETUPS") ?? "10");
const REQUESTS_EACH = 500;

/** Algorithms that throw dice: of these only the candidates can be foretold. */
const DICE = ["RANDOM", "POWER_OF_TWO"];
/** Throws dice over targets whose last connection failed. */
const DICE_OVER_FAILED = "LRT";

for (const engine of ["wire", "serve"] as const) {
  Deno.test(
    `explain agrees with the proxy: engine ${engine}, ${SETUPS * REQUESTS_EACH} requests, ${SETUPS} configurations`,
    () => checkAgreement(engine),
  );
}

async function checkAgreement(engine: "serve" | "wire"): Promise<void> {
  await using mocks = await MockGroup.start(MOCKS);
  const dead = freePort();
  const addresses = [...mocks.ports, dead].map((port) => `127.0.0.1:${port}`);
  const setups = fc.sample(randomSetup(MOCKS), { numRuns: SETUPS, seed: SEED });
  setups[1] = allDrained(setups[1]!);
  const requests = fc.sample(randomRequest, { numRuns: SETUPS * REQUESTS_EACH, seed: SEED });
  const first = setupText(setups[0]!, 0, addresses);
  await using sluice = await startSluice({
    envFileText: first,
    env: { DNS_SERVER: `127.0.0.1:${dead}`, LISTENER_ENGINE: engine },
  });
  await using proxy = new KeptClient(sluice.url);
  await using admin = new KeptClient(sluice.adminUrl);
  const { instance } = await sluice.stats();
  const witness = new Witness({ admin, proxy, via: `1.1 sluice-${instance}`, dead: `127.0.0.1:${dead}` });
  for (const [number, setup] of setups.entries()) {
    if (number > 0) await reload(sluice, setupText(setup, number, addresses));
    await drain(sluice, setup, { number, addresses });
    for (const request of requests.slice(number * REQUESTS_EACH, (number + 1) * REQUESTS_EACH)) {
      try {
        await witness.compare(request);
      } catch (error) {
        throw new Error(
          `Seed ${SEED}, configuration ${number}, request ${JSON.stringify(request)}: ${(error as Error).message}\n` +
            `${setupText(setup, number, addresses)}\n${JSON.stringify(witness.lastExplained, null, 1)}`,
          { cause: error },
        );
      }
    }
  }
  assert.equal(witness.compared, SETUPS * REQUESTS_EACH);
  // The traffic was no easy one: every reason that one request can bring about by itself was among it.
  for (
    const reason of [
      "bad_request",
      "method_refused",
      "body_too_large",
      "loop",
      "no_rule",
      // Only the platform's engine refuses any.
      ...(engine === "serve" ? ["upgrade_refused"] : []),
      "no_target",
      "redirect",
      "fixed_response",
    ]
  ) {
    assert.ok((witness.outcomes.get(reason) ?? 0) > 0, `no ${reason} came up (seed ${SEED})`);
  }
  // About a fifth of them as a rule; rules and groups are random too, so it is some hundreds more or fewer.
  const forwarded = witness.outcomes.get("forwarded") ?? 0;
  assert.ok(forwarded > SETUPS * REQUESTS_EACH / 50, `only ${forwarded} were forwarded (seed ${SEED})`);
  // A sample may turn 10 s old between question and request.
  assert.ok(witness.surprises <= 20, `LRT chose otherwise ${witness.surprises} times (seed ${SEED})`);
}

/** Group names are new in each configuration, so that counters, drains and cookies start anew. */
function groupName(number: number, index: number): string {
  return `c${number}g${index}`;
}

/** Chance alone rarely takes every target of a group out. */
function allDrained({ groups, listener }: RandomSetup): RandomSetup {
  return {
    listener,
    groups: groups.map((group) => ({ ...group, nameless: false, drained: group.targets.map((_, place) => place) })),
    rules: [{ prefix: "/", rewrite: "", group: 0, conditions: {}, action: "forward" }],
  };
}

function setupText({ groups, rules, listener }: RandomSetup, number: number, addresses: readonly string[]): string {
  const lines = Object.entries({ REASON_HEADER: "true", ...listener });
  groups.forEach((group, index) => {
    const set = (name: string, value: string) => lines.push([`TARGET_GROUP_${index + 1}_${name}`, value]);
    set("NAME", groupName(number, index));
    set("ALGORITHM", group.algorithm);
    set("HASH_KEY", group.hashKey);
    set("PRESERVE_HOST", String(group.preserveHost));
    if (group.nameless) {
      set("TARGETS", "nowhere.invalid:80");
      if (group.algorithm === "WEIGHTED") set("WEIGHTS", "nowhere.invalid:1");
      return;
    }
    set("TARGETS", group.targets.map(({ index, base }) => addresses[index]! + base).join(","));
    if (group.algorithm === "WEIGHTED") {
      set("WEIGHTS", group.targets.map(({ index, weight }) => `${addresses[index]}:${weight}`).join(","));
    }
  });
  rules.forEach(({ prefix, rewrite, group, conditions, action }, index) => {
    const set = (name: string, value: string) => lines.push([`LISTENER_RULE_${index + 1}_${name}`, value]);
    set("PATH_PREFIX", prefix);
    for (const [name, value] of Object.entries(conditions)) set(name, `"${value}"`);
    if (action === "redirect") return set("REDIRECT", '"307 http://moved.test/#{path}?#{query}"');
    if (action === "fixed") return set("FIXED_RESPONSE", "418 text/plain fixed");
    set("PATH_REWRITE", rewrite);
    const [own, next] = [group % groups.length, (group + 1) % groups.length].map((at) => groupName(number, at));
    set("TARGET_GROUP", action === "forward" || own === next ? own! : `${own}:2,${next}:1`);
  });
  return lines.map(([name, value]) => `${name}=${value}\n`).join("");
}

async function reload(sluice: SluiceProcess, text: string): Promise<void> {
  const seen = sluice.events.length;
  await Deno.writeTextFile(`${sluice.cwd}/.env`, text);
  sluice.signal("SIGHUP");
  const event = await until(
    () => sluice.events.slice(seen).find(({ event }) => event === "reloaded" || event === "reload_refused"),
    () => `the reload: ${sluice.stderr}`,
  );
  assert.equal(event.event, "reloaded", sluice.stderr);
  await until(async () => {
    const { generation, workers } = await sluice.stats();
    return workers.every((worker) => worker.generation === generation);
  }, "every worker to serve by the new configuration");
}

async function drain(
  sluice: SluiceProcess,
  { groups }: RandomSetup,
  { number, addresses }: { number: number; addresses: readonly string[] },
): Promise<void> {
  for (const [index, group] of groups.entries()) {
    if (group.nameless) continue;
    for (const { index: at } of group.targets.filter((_, place) => group.drained.includes(place))) {
      await sluice.adminJson(`/targets/${groupName(number, index)}/${addresses[at]}/drain`, { method: "POST" });
    }
  }
}

/** Asks, sends, and holds one against the other. */
class Witness {
  compared = 0;
  surprises = 0;
  lastExplained: Explanation | null = null;
  /** How often each reason came, `forwarded` for answers of targets. */
  readonly outcomes = new Map<string, number>();
  readonly #parts: {
    readonly admin: KeptClient;
    readonly proxy: KeptClient;
    readonly via: string;
    readonly dead: string;
  };
  readonly #cookies = new Map<string, string>();

  constructor(parts: { admin: KeptClient; proxy: KeptClient; via: string; dead: string }) {
    this.#parts = parts;
  }

  async compare(request: RandomRequest): Promise<void> {
    const { proxy } = this.#parts;
    const id = `t-${this.compared}`;
    const lines = this.#headerLines(request, id);
    const explained = this.lastExplained = await this.#explain(request, lines);
    const body = request.bodyBytes === null ? "" : bodyOf(request);
    const bytes = `${request.method} ${request.path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
    // A body that is refused may stay unread, and then its connection is of no more use.
    const response = await proxy.exchange(bytes, request.method, body !== "" || explained.answer !== null);
    for (const line of headerValues(response, "set-cookie")) {
      const [name, value] = line.split(";")[0]!.split("=", 2);
      this.#cookies.set(name!, value!);
    }
    this.compared++;
    if (explained.answer !== null) {
      assert.equal(response.status, explained.answer.status);
      assert.equal(header(response, "x-sluice-reason"), explained.answer.reason);
      this.#count(explained.answer.reason ?? "stats");
      return;
    }
    this.#count("forwarded");
    const eligible = explained.candidates.filter((candidate) => candidate.eligible).map(({ target }) => target);
    const mayFail = eligible.includes(this.#parts.dead);
    const firstTried = mayFail
      ? await this.#firstTried(id)
      : `127.0.0.1:${header(response, "x-served-by")?.slice("mock-".length)}`;
    assert.ok(eligible.includes(firstTried), `${firstTried} was not eligible`);
    const algorithm = explained.algorithm!;
    if (DICE.includes(algorithm) || (mayFail && algorithm === DICE_OVER_FAILED)) return;
    if (firstTried !== explained.chosen && algorithm === "LRT") this.surprises++;
    else assert.equal(firstTried, explained.chosen);
    const same = !mayFail && firstTried === explained.chosen && response.status === 200;
    if (same && request.method !== "HEAD") compareSent(explained, JSON.parse(bodyText(response)));
  }

  /** Asks until nothing is in flight: the end of the request before may come to be known a moment later. */
  #explain(request: RandomRequest, lines: readonly string[]): Promise<Explanation> {
    const query = new URLSearchParams({ method: request.method, url: request.path });
    for (const line of lines) query.append("header", line);
    const question = `GET /explain?${query} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    return until(
      async () => {
        const response = await this.#parts.admin.exchange(question, "GET");
        assert.equal(response.status, 200, bodyText(response));
        const explained: Explanation = JSON.parse(bodyText(response));
        return explained.candidates.some(({ score }) => /in flight [1-9]/.test(score)) ? null : explained;
      },
      "nothing in flight",
      { everyMs: 1 },
    );
  }

  #headerLines(request: RandomRequest, id: string): string[] {
    const lines = [`Host: ${request.host}`, `X-Request-Id: ${id}`, ...request.headers];
    if (request.loops) lines.push(`Via: ${this.#parts.via}`);
    if (request.bodyBytes !== null) {
      lines.push(request.chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${request.bodyBytes}`);
    }
    if (request.keepsCookies && this.#cookies.size > 0) {
      lines.push(`Cookie: ${[...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ")}`);
    }
    return lines;
  }

  async #firstTried(id: string): Promise<string> {
    const question = `GET /decisions?id=${id} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const decision = await until(
      async () => {
        const response = await this.#parts.admin.exchange(question, "GET");
        return (JSON.parse(bodyText(response)).decisions as Decision[])[0];
      },
      `the decision of ${id}`,
      { everyMs: 1 },
    );
    return decision.chosen!;
  }

  #count(outcome: string): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }
}

function bodyOf({ bodyBytes, chunked }: RandomRequest): string {
  const data = "x".repeat(bodyBytes!);
  if (!chunked) return data;
  return data === "" ? "0\r\n\r\n" : `${data.length.toString(16)}\r\n${data}\r\n0\r\n\r\n`;
}

interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

/** What transports write by themselves: the framing, and what stands for "anything". */
const OF_THE_TRANSPORT = ["connection", "content-length", "transfer-encoding", "accept", "accept-language"];

/** Holds what would be sent against what the target got. */
function compareSent({ method, rewrite, headers }: Explanation, recorded: Recorded): void {
  assert.equal(recorded.method, method);
  assert.equal(
    recorded.path + (recorded.query === "" ? "" : `?${recorded.query}`),
    rewrite.at(-1)!.path.replace(/\?$/, ""),
  );
  const said = new Map<string, string[]>();
  for (const [name, value] of headers) said.set(name, [...said.get(name) ?? [], value]);
  for (const [name, value] of Object.entries(recorded.headers)) {
    if (OF_THE_TRANSPORT.includes(name)) continue;
    assert.deepEqual([value].flat().join(", "), (said.get(name) ?? ["(not said)"]).join(", "), name);
  }
  for (const name of said.keys()) {
    assert.ok(name in recorded.headers || OF_THE_TRANSPORT.includes(name), `${name} was not sent`);
  }
}

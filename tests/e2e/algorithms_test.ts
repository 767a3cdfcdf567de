import assert from "node:assert/strict";
import { ask, askTimes, tally } from "../support/ask.ts";
import { groupEnvironment, MockGroup } from "../support/mock_group.ts";
import { until } from "../support/poll.ts";
import { header } from "../support/raw_message.ts";
import { hang, okay, slow } from "../support/recorder_scripts.ts";
import { RecorderTarget } from "../support/recorder_target.ts";
import { RawClient } from "../support/raw_client.ts";
import { type SluiceProcess, startSluice } from "../support/sluice_process.ts";

/** What the stats say that each target of the first group got. */
async function requestsByStats(sluice: SluiceProcess): Promise<number[]> {
  return (await sluice.settled()).groups[0]!.targets.map(({ requests }) => requests);
}

Deno.test("A5, A4: 6000 fresh connections under ROUND_ROBIN give three targets exactly 2000 each", async () => {
  await using mocks = await MockGroup.start(3);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list, { ACCESS_LOG: "false" }) });
  const answers = (await Promise.all(Array.from({ length: 8 }, () => askTimes(750, sluice.url)))).flat();
  assert.deepEqual(tally(answers, ({ status }) => status), { 200: 6000 });
  assert.deepEqual(
    tally(answers, ({ servedBy }) => servedBy),
    Object.fromEntries(mocks.ports.map((port) => [`mock-${port}`, 2000])),
  );
  assert.deepEqual(mocks.served, [2000, 2000, 2000]);
  const stats = await sluice.settled();
  assert.deepEqual(stats.groups[0]!.targets.map(({ requests }) => requests), [2000, 2000, 2000]);
  assert.equal(stats.total.requests, 6000);
});

Deno.test("A5, B1: ROUND_ROBIN goes round in the order of the list, one request after the other", async () => {
  await using mocks = await MockGroup.start(3);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list) });
  const order = (await askTimes(7, sluice.url)).map(({ servedBy }) => mocks.ports.indexOf(Number(servedBy!.slice(5))));
  assert.deepEqual(order, [0, 1, 2, 0, 1, 2, 0]);
});

Deno.test("A6, A20, A22: 80 requests under WEIGHTED 1:2:5 give exactly 10, 20 and 50, spread evenly", async () => {
  await using mocks = await MockGroup.start(3);
  const weights = mocks.ports.map((port, index) => `127.0.0.1:${port}:${[1, 2, 5][index]}`).join(",");
  await using sluice = await startSluice({
    env: groupEnvironment(mocks.list, { TARGET_GROUP_1_ALGORITHM: "weighted", TARGET_GROUP_1_WEIGHTS: weights }),
  });
  const answers = await askTimes(80, sluice.url);
  const order = answers.map(({ servedBy }) => mocks.ports.indexOf(Number(servedBy!.slice(5))));
  assert.deepEqual(mocks.served, [10, 20, 50]);
  assert.deepEqual(await requestsByStats(sluice), [10, 20, 50]);
  for (let cycle = 0; cycle < 10; cycle++) {
    const part = order.slice(cycle * 8, cycle * 8 + 8);
    assert.deepEqual(tally(part, String), { 0: 1, 1: 2, 2: 5 }, `cycle ${cycle}: ${part.join()}`);
  }
  // 5 of 8 without bunching: never more than two in a row within a cycle; two cycles may meet at 2 | 2.
  assert.ok(!/2222/.test(order.join("")), order.join(""));
  assert.ok(!/11|00/.test(order.join("")), order.join(""));
});

Deno.test("A4, C1, C5: algorithm names and aliases work in any case, and the stats show the one in use", async () => {
  await using mocks = await MockGroup.start(1);
  const env: Record<string, string> = { LOAD_BALANCING_ALGORITHM: "Weighted_Round_Robin", ACCESS_LOG: "false" };
  const names = [
    ["1", undefined, "WEIGHTED"],
    ["2", "round_robin", "ROUND_ROBIN"],
    ["3", "Least_Connections", "LEAST_CONNECTIONS"],
    ["4", "LEAST_OUTSTANDING_REQUESTS", "LEAST_CONNECTIONS"],
    ["5", "least_response_time", "LRT"],
    ["6", "sticky", "STICKY"],
    ["7", "power_of_two", "POWER_OF_TWO"],
    ["8", "hash", "HASH"],
    ["9", "random", "RANDOM"],
  ] as const;
  for (const [number, algorithm] of names) {
    env[`TARGET_GROUP_${number}_NAME`] = `g${number}`;
    env[`TARGET_GROUP_${number}_TARGETS`] = `localhost:${mocks.ports[0]}`;
    if (algorithm !== undefined) env[`TARGET_GROUP_${number}_ALGORITHM`] = algorithm;
    env[`LISTENER_RULE_${number}_PATH_PREFIX`] = `/g${number}`;
    env[`LISTENER_RULE_${number}_TARGET_GROUP`] = `g${number}`;
  }
  env.TARGET_GROUP_1_WEIGHTS = "localhost:1";
  await using sluice = await startSluice({ env });
  for (const [number] of names) assert.equal((await ask(sluice.url, `/g${number}`)).status, 200, number);
  const { groups } = await sluice.settled();
  assert.deepEqual(groups.map(({ algorithm }) => algorithm), names.map(([, , name]) => name));
});

/** The cookie that an answer sets: name, value and attributes; null where it sets none. */
function setCookie(answer: { response: Parameters<typeof header>[0] }) {
  const line = header(answer.response, "set-cookie");
  if (line === null) return null;
  const [pair = "", ...attributes] = line.split("; ");
  return { name: pair.split("=")[0]!, value: pair.slice(pair.indexOf("=") + 1), pair, attributes };
}

Deno.test("A7: STICKY pins a client by a cookie, ignores a forged one, and replaces one of a lost one", async (t) => {
  await using mocks = await MockGroup.start(3);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list, { LOAD_BALANCING_ALGORITHM: "sticky" }) });
  const first = await ask(sluice.url);
  const cookie = setCookie(first)!;

  await t.step("the cookie names the group, is HttpOnly and SameSite=Lax for a day, and shows no address", () => {
    assert.equal(cookie.name, "sluice-web");
    assert.deepEqual([...cookie.attributes].sort(), ["HttpOnly", "Max-Age=86400", "Path=/", "SameSite=Lax"]);
    assert.match(cookie.value, /^[\w-]{40,}$/);
    for (const port of mocks.ports) assert.ok(!atob(cookie.value.replace(/[-_]/g, "+")).includes(String(port)));
  });

  await t.step("a client that brings it stays, and gets no other cookie", async () => {
    const again = await askTimes(9, sluice.url, "/", { headers: [`Cookie: a=b; ${cookie.pair}; c=d`] });
    assert.deepEqual(tally(again, ({ servedBy }) => servedBy), { [first.servedBy!]: 9 });
    assert.ok(again.every((answer) => setCookie(answer) === null));
  });

  await t.step("clients without one go round, and a forged value is no cookie at all", async () => {
    const forged = `${cookie.pair.slice(0, -4)}AAAA`;
    const fresh = await askTimes(3, sluice.url);
    const fakes = await askTimes(3, sluice.url, "/", { headers: [`Cookie: ${forged}`] });
    assert.equal(new Set(fresh.map(({ servedBy }) => servedBy)).size, 3);
    assert.equal(new Set(fakes.map(({ servedBy }) => servedBy)).size, 3);
    assert.ok(fakes.every((answer) => setCookie(answer)!.pair !== forged));
  });

  await t.step("a lost target means another target and a new cookie, which then holds", async () => {
    await mocks.kill(mocks.ports.indexOf(Number(first.servedBy!.slice(5))));
    const moved = await ask(sluice.url, "/", { headers: [`Cookie: ${cookie.pair}`] });
    assert.equal(moved.status, 200);
    assert.notEqual(moved.servedBy, first.servedBy);
    const renewed = setCookie(moved)!;
    assert.notEqual(renewed.value, cookie.value);
    const after = await ask(sluice.url, "/", { headers: [`Cookie: ${renewed.pair}`] });
    assert.equal(after.servedBy, moved.servedBy);
    assert.equal(setCookie(after), null);
  });

  await t.step("and the log says that the secret was made for this process", async () => {
    const line = await sluice.waitForEvent(({ event }) => event === "sticky_secret_made");
    assert.match(String(line.message), /STICKY_SECRET/);
  });
  await sluice.settled();
});

Deno.test("replicas with one STICKY_SECRET accept each other's cookies; STICKY_TTL=0 sets no Max-Age", async () => {
  await using mocks = await MockGroup.start(3);
  const env = groupEnvironment(mocks.list, {
    TARGET_GROUP_1_ALGORITHM: "STICKY",
    STICKY_SECRET: "0123456789abcdef0123456789abcdef",
    STICKY_TTL: "0",
    STICKY_COOKIE_NAME: "route",
  });
  await using one = await startSluice({ env });
  await using other = await startSluice({ env });
  const answer = await ask(one.url);
  const cookie = setCookie(answer)!;
  assert.equal(cookie.name, "route");
  assert.ok(!cookie.attributes.some((attribute) => attribute.startsWith("Max-Age")));
  const there = await askTimes(4, other.url, "/", { headers: [`Cookie: ${cookie.pair}`] });
  assert.deepEqual(tally(there, ({ servedBy }) => servedBy), { [answer.servedBy!]: 4 });
  assert.ok(!other.events.some(({ event }) => event === "sticky_secret_made"));
});

Deno.test("A4: STICKY keeps count: nothing stays in flight, and stats hold what the targets counted", async () => {
  await using mocks = await MockGroup.start(2);
  await using sluice = await startSluice({ env: groupEnvironment(mocks.list, { ALGORITHM: "STICKY" }) });
  const { pair } = setCookie(await ask(sluice.url))!;
  await askTimes(5, sluice.url, "/", { headers: [`Cookie: ${pair}`] });
  await ask(sluice.url, "/", { method: "HEAD", headers: [`Cookie: ${pair}`] });
  assert.deepEqual(await requestsByStats(sluice), mocks.served);
  assert.deepEqual(mocks.served, [7, 0]);
});

Deno.test("HASH keeps a key with its target, spreads keys over all, and moves only a lost target's share", async () => {
  await using mocks = await MockGroup.start(3);
  await using sluice = await startSluice({
    env: groupEnvironment(mocks.list, {
      LOAD_BALANCING_ALGORITHM: "HASH",
      HASH_KEY: "header:X-Tenant",
      TARGET_GROUP_2_NAME: "paths",
      TARGET_GROUP_2_TARGETS: mocks.list,
      TARGET_GROUP_2_HASH_KEY: "path",
      LISTENER_RULE_2_PATH_PREFIX: "/p",
      LISTENER_RULE_2_TARGET_GROUP: "paths",
      TARGET_GROUP_3_NAME: "cookies",
      TARGET_GROUP_3_TARGETS: mocks.list,
      TARGET_GROUP_3_HASH_KEY: "cookie:user",
      LISTENER_RULE_3_PATH_PREFIX: "/c",
      LISTENER_RULE_3_TARGET_GROUP: "cookies",
      TARGET_GROUP_4_NAME: "addresses",
      TARGET_GROUP_4_TARGETS: mocks.list,
      TARGET_GROUP_4_HASH_KEY: "client-ip",
      LISTENER_RULE_4_PATH_PREFIX: "/a",
      LISTENER_RULE_4_TARGET_GROUP: "addresses",
    }),
  });
  const keys = Array.from({ length: 30 }, (_, i) => `key-${i}`);
  const by = async (path: (key: string) => string, headers: (key: string) => string[] = () => []) => {
    const where: (string | null)[] = [];
    for (const key of keys) where.push((await ask(sluice.url, path(key), { headers: headers(key) })).servedBy);
    return where;
  };
  const tenant = () => by(() => "/", (key) => [`X-Tenant: ${key}`]);
  const before = await tenant();
  assert.equal(new Set(before).size, 3);
  assert.deepEqual(await tenant(), before);
  const paths = await by((key) => `/p/${key}?x=1`);
  assert.equal(new Set(paths).size, 3);
  assert.deepEqual(await by((key) => `/p/${key}?y=2`), paths);
  const cookies = await by(() => "/c", (key) => [`Cookie: user=${key}`]);
  assert.equal(new Set(cookies).size, 3);
  assert.deepEqual(await by(() => "/c", (key) => [`Cookie: z=1; user=${key}`]), cookies);
  assert.equal(new Set(await by((key) => `/a/${key}`)).size, 1);

  const lost = before[0]!;
  await mocks.kill(mocks.ports.indexOf(Number(lost.slice(5))));
  const after = await tenant();
  before.forEach((where, i) => {
    if (where === lost) assert.notEqual(after[i], lost);
    else assert.equal(after[i], where);
  });
});

Deno.test("C5, C6: LEAST_CONNECTIONS leaves a target that is held up alone, and goes round among equals", async () => {
  await using busy = await RecorderTarget.start(hang());
  await using mocks = await MockGroup.start(2);
  await using sluice = await startSluice({
    env: groupEnvironment(`${busy.address},${mocks.list}`, { LOAD_BALANCING_ALGORITHM: "least_connections" }),
  });
  await using held = await RawClient.connect(sluice.url);
  await held.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
  await until(() => busy.requests.length === 1, "the slow target to have a request");
  await askTimes(20, sluice.url);
  assert.deepEqual(mocks.served, [10, 10]);
  assert.equal(busy.requests.length, 1);
  assert.equal((await sluice.stats()).groups[0]!.targets[0]!.inFlight, 1);
  await held.reset();
  const stats = await sluice.settled();
  assert.deepEqual(stats.groups[0]!.targets.map(({ requests }) => requests), [1, 10, 10]);
  assert.equal(stats.groups[0]!.targets[0]!.leftByClient, 1);
});

Deno.test("POWER_OF_TWO leaves a target that is held up alone, and RANDOM reaches all", async () => {
  await using busy = await RecorderTarget.start(hang());
  await using mocks = await MockGroup.start(1);
  await using sluice = await startSluice({
    env: groupEnvironment(`${busy.address},${mocks.list}`, {
      TARGET_GROUP_1_ALGORITHM: "POWER_OF_TWO",
      TARGET_GROUP_2_NAME: "any",
      TARGET_GROUP_2_TARGETS: `${mocks.list},localhost:${mocks.ports[0]}/b`,
      TARGET_GROUP_2_ALGORITHM: "RANDOM",
      LISTENER_RULE_2_PATH_PREFIX: "/any",
      LISTENER_RULE_2_TARGET_GROUP: "any",
    }),
  });
  await using held = await RawClient.connect(sluice.url);
  // Chance sends the first ones to either; each that the idle target answered is followed by another.
  for (let sent = 1; busy.requests.length === 0; sent++) {
    await held.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => busy.requests.length === 1 || mocks.served[0] === sent, "the request to arrive");
  }
  const before = mocks.served[0]!;
  await askTimes(20, sluice.url);
  assert.equal(mocks.served[0], before + 20);
  const anywhere = await askTimes(40, sluice.url, "/any");
  const paths = new Set(anywhere.map(({ body }) => JSON.parse(body).path));
  assert.equal(paths.size, 2, "both bases; missed once in 2^39");
  await held.reset();
  await sluice.settled();
});

Deno.test("A8, C5, C17: LRT prefers the fast target, uses the slow one under load, and starves none", async () => {
  await using fast = await RecorderTarget.start(okay("fast"));
  await using lame = await RecorderTarget.start(slow(60, okay("slow")));
  await using sluice = await startSluice({
    env: groupEnvironment(`${lame.address},${fast.address}`, { LOAD_BALANCING_ALGORITHM: "LRT" }),
  });
  await askTimes(20, sluice.url);
  // Both are measured first; then the score is 0 for whoever idles, and the lower average wins the tie.
  assert.equal(lame.requests.length, 1);
  assert.equal(fast.requests.length, 19);
  const explained = await sluice.adminJson("/explain?method=GET&url=/");
  assert.ok(JSON.stringify(explained).includes(fast.address));
  // The fast one is held up: now its product is the greater one.
  fast.script = hang();
  await using held = await RawClient.connect(sluice.url);
  await held.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await until(() => fast.requests.length === 20, "the fast target to be held up");
  assert.equal((await ask(sluice.url)).body, "slow");
  await held.reset();
  const stats = await sluice.settled();
  assert.deepEqual(stats.groups[0]!.targets.map(({ requests }) => requests), [2, 20]);
});

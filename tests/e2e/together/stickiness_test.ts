/** Clients that stay with their targets, whatever the group's algorithm and whichever engine serves. */
import assert from "node:assert/strict";
import { type Answer, ask, askTimes, tally } from "../../support/ask.ts";
import { groupEnvironment, MockGroup } from "../../support/mock_group.ts";
import { header } from "../../support/raw_message.ts";
import { startSluice } from "../../support/sluice_process.ts";

/** The name and value of the cookie that a response sets, and its attributes. */
function cookieOf({ response }: Answer): { readonly pair: string; readonly attributes: readonly string[] } {
  const [pair = "", ...attributes] = header(response, "set-cookie")!.split("; ");
  return { pair, attributes };
}

for (const engine of ["serve", "wire"]) {
  for (const algorithm of ["LEAST_CONNECTIONS", "WEIGHTED", "HASH", "RANDOM"]) {
    Deno.test(`with stickiness ${algorithm} keeps clients and spreads new ones, engine ${engine}`, async () => {
      await using mocks = await MockGroup.start(3);
      await using sluice = await startSluice({
        env: groupEnvironment(mocks.list, {
          LISTENER_ENGINE: engine,
          TARGET_GROUP_1_ALGORITHM: algorithm,
          TARGET_GROUP_1_STICKINESS_ENABLED: "true",
          ...(algorithm === "WEIGHTED" ? { TARGET_GROUP_1_WEIGHTS: "127.0.0.1:1" } : {}),
          ...(algorithm === "HASH" ? { HASH_KEY: "path" } : {}),
        }),
      });
      const paths = Array.from({ length: 24 }, (_, i) => `/${i}`);
      const clients: Answer[] = [];
      for (const path of paths) clients.push(await ask(sluice.url, path));
      assert.ok(new Set(clients.map(({ servedBy }) => servedBy)).size > 1);
      for (const client of clients.slice(0, 6)) {
        const headers = [`Cookie: ${cookieOf(client).pair}`];
        const again = [];
        for (const path of paths.slice(0, 4)) again.push(await ask(sluice.url, path, { headers }));
        assert.deepEqual(tally(again, ({ servedBy }) => servedBy), { [client.servedBy!]: 4 });
        assert.ok(again.every(({ response }) => header(response, "set-cookie") === null));
      }
      const { groups } = await sluice.settled();
      assert.deepEqual(groups[0]!.targets.map(({ requests }) => requests), mocks.served);
    });
  }

  Deno.test(`the cookie is Secure if a trusted proxy says that the client came by TLS, engine ${engine}`, async () => {
    await using mocks = await MockGroup.start(2);
    const isSecure = async (trusted: Record<string, string>, proto: string) => {
      const env = groupEnvironment(mocks.list, { LISTENER_ENGINE: engine, STICKINESS_ENABLED: "true", ...trusted });
      await using sluice = await startSluice({ env });
      const answer = await ask(sluice.url, "/", { headers: [`X-Forwarded-Proto: ${proto}`] });
      return cookieOf(answer).attributes.includes("Secure");
    };
    const trusted = { TRUSTED_PROXIES: "127.0.0.1" };
    assert.equal(await isSecure(trusted, "https"), true);
    assert.equal(await isSecure(trusted, "http"), false);
    assert.equal(await isSecure({}, "https"), false, "nobody is trusted");
  });

  Deno.test(`a pinned client whose target is lost gets another one and its cookie, engine ${engine}`, async () => {
    await using mocks = await MockGroup.start(2);
    await using sluice = await startSluice({
      env: groupEnvironment(mocks.list, { LISTENER_ENGINE: engine, ALGORITHM: "LRT", STICKINESS_ENABLED: "true" }),
    });
    const first = await ask(sluice.url);
    await mocks.kill(mocks.ports.indexOf(Number(first.servedBy!.slice(5))));
    const headers = [`Cookie: ${cookieOf(first).pair}`];
    const moved = await ask(sluice.url, "/", { headers });
    assert.equal(moved.status, 200);
    assert.notEqual(moved.servedBy, first.servedBy);
    const renewed = cookieOf(moved).pair;
    assert.notEqual(renewed, cookieOf(first).pair);
    const after = await askTimes(3, sluice.url, "/", { headers: [`Cookie: ${renewed}`] });
    assert.deepEqual(tally(after, ({ servedBy }) => servedBy), { [moved.servedBy!]: 3 });
  });
}

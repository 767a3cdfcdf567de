/** Clients that stay with the target at which their application's session began (STICKINESS_COOKIE). */
import assert from "node:assert/strict";
import { headerValues, type RawResponse } from "../../support/raw_message.ts";
import { answer } from "../../support/recorder_scripts.ts";
import type { AnswerScript } from "../../support/recorder_target.ts";
import { WireStage } from "../../support/wire_stage.ts";

/** Which target answers is in the body; `/login` begins a session. */
function application(number: number): AnswerScript {
  let sessions = 0;
  return (turn) => {
    const session = `JSESSIONID=s${number}-${sessions++}; Path=/; HttpOnly`;
    const login = turn.path === "/login" ? [`Set-Cookie: JSESSIONIDX=1`, `Set-Cookie: ${session}`] : [];
    return answer(200, login, String(number))(turn);
  };
}

const servedBy = ({ body }: RawResponse) => new TextDecoder().decode(body);
const pairsOf = (response: RawResponse) => headerValues(response, "set-cookie").map((cookie) => cookie.split(";")[0]!);

for (
  const env of [{ LISTENER_ENGINE: "serve" }, { LISTENER_ENGINE: "serve", UPSTREAM_TRANSPORT: "fetch" }, {
    LISTENER_ENGINE: "wire",
  }] as Record<string, string>[]
) {
  const name = Object.values(env).join(" ");
  Deno.test(
    `a session stays with the target that began it, and one that sluice can't place is hashed (${name})`,
    async (t) => {
      await using stage = await WireStage.start({
        targets: 3,
        env: {
          ...env,
          ALGORITHM: "ROUND_ROBIN",
          STICKINESS_ENABLED: "true",
          STICKINESS_COOKIE: "JSESSIONID",
          STICKINESS_TTL: "1h",
        },
      });
      stage.targets.forEach((target, number) => target.script = application(number));
      const ask = (path: string, cookies: readonly string[] = []) =>
        stage.ask(`GET ${path}`, { headers: cookies.length === 0 ? [] : [`Cookie: ${cookies.join("; ")}`] });
      const times = async (count: number, path: string, cookies: readonly string[]) => {
        const responses: RawResponse[] = [];
        for (let i = 0; i < count; i++) responses.push(await ask(path, cookies));
        return responses;
      };

      await t.step("without a session the algorithm chooses, and no cookie is set", async () => {
        const responses = await times(3, "/", []);
        assert.equal(new Set(responses.map(servedBy)).size, 3);
        assert.deepEqual(responses.flatMap(pairsOf), []);
      });

      const login = await ask("/login");
      const [other, session = "", companion = "", ...more] = pairsOf(login);

      await t.step("the response that begins a session has sluice's cookie behind the application's", () => {
        assert.deepEqual([other, more], ["JSESSIONIDX=1", []]);
        assert.match(session, /^JSESSIONID=s/);
        assert.match(
          headerValues(login, "set-cookie")[2]!,
          /^sluice-web=[\w-]{43}; Path=\/; Max-Age=3600; HttpOnly; Same/,
        );
      });

      await t.step(
        "requests with both cookies go to its target, and get another only if the application sets one",
        async () => {
          const responses = await times(5, "/", ["a=b", companion, session]);
          assert.deepEqual(new Set(responses.map(servedBy)), new Set([servedBy(login)]));
          assert.deepEqual(responses.flatMap(pairsOf), []);
          const again = await ask("/login", [companion, session]);
          assert.equal(servedBy(again), servedBy(login));
          assert.equal(pairsOf(again)[2], companion);
        },
      );

      await t.step("sluice's cookie without a session pins nobody", async () => {
        const responses = await times(3, "/", [companion]);
        assert.equal(new Set(responses.map(servedBy)).size, 3);
      });

      await t.step(
        "a session without sluice's cookie is hashed: each goes to one target, and all targets get some",
        async () => {
          const placed: string[] = [];
          for (let i = 0; i < 30; i++) {
            const responses = await times(3, "/", [`JSESSIONID=foreign-${i}`, "sluice-web=forged"]);
            assert.equal(new Set(responses.map(servedBy)).size, 1);
            placed.push(servedBy(responses[0]!));
          }
          assert.ok(new Set(placed).size > 1);
        },
      );

      await t.step(
        "if its target is lost, the session's requests go to one other target, which sets no cookie",
        async () => {
          await stage.targets[Number(servedBy(login))]![Symbol.asyncDispose]();
          const responses = await times(5, "/", [companion, session]);
          assert.deepEqual(new Set(responses.map(({ status }) => status)), new Set([200]));
          assert.equal(new Set(responses.map(servedBy)).size, 1);
          assert.notEqual(servedBy(responses[0]!), servedBy(login));
          assert.deepEqual(responses.flatMap(pairsOf), []);
        },
      );

      await t.step("decisions show that a session was hashed, and never its cookie", async () => {
        const text = JSON.stringify(await stage.sluice.adminJson("/decisions?limit=500"));
        assert.ok(!text.includes("foreign-") && !text.includes("s0-") && !text.includes(companion.slice(12)));
        assert.match(text, /"algorithm":"HASH","key":"\*\*\* \(hash [0-9a-f]{8}\)"/);
        assert.match(text, /"algorithm":"ROUND_ROBIN","key":null/);
      });
      await stage.sluice.settled();
    },
  );
}

/**
 * Authentication that holds for a connection and not for a request (NTLM, Negotiate): nobody else may be sent on that
 * connection.
 */
import assert from "node:assert/strict";
import { until } from "../../support/poll.ts";
import { bodyText, header } from "../../support/raw_message.ts";
import { answer } from "../../support/recorder_scripts.ts";
import type { AnswerScript } from "../../support/recorder_target.ts";
import { WireStage } from "../../support/wire_stage.ts";

const CREDENTIALS = [
  "Authorization: Negotiate YIIabc==",
  "authorization: NTLM TlRMTVNT",
  "Authorization: negotiate YIIabc==",
  "Proxy-Authorization: NTLM TlRMTVNT",
];

/** Takes a connection for its user's, from the first credentials on, as IIS and others do. */
function remembering(): AnswerScript {
  const users = new Set<number>();
  return async (turn) => {
    if (turn.headers.some(([name]) => /authorization$/i.test(name))) users.add(turn.connection);
    const whose = users.has(turn.connection) ? "Alice's" : "nobody's";
    await answer(200, [], turn.path === "/large" ? whose.padEnd(200_000, ".") : whose)(turn);
  };
}

Deno.test("a connection with one client's NTLM or Negotiate credentials carries no other client", async (t) => {
  for (const transport of ["wire", "fetch"]) {
    await using stage = await WireStage.start({ env: { UPSTREAM_TRANSPORT: transport } });
    for (const credentials of CREDENTIALS) {
      for (const request of ["GET /", "GET /large", "POST /", "PUT /"]) {
        await t.step(`${transport}: ${request} with ${credentials}`, async () => {
          stage.clear();
          stage.script = remembering();
          const headers = request.startsWith("GET") ? [] : ["Content-Length: 1"];
          const body = request.startsWith("GET") ? {} : { body: "x" };
          // A connection that stands is taken by both, if any is.
          await stage.ask("GET /");
          const first = await stage.ask(request, { headers: [...headers, credentials], ...body });
          assert.match(bodyText(first), /^Alice's/);
          assert.equal(bodyText(await stage.ask("GET /")), "nobody's");
        });
      }
    }
    await stage.settled();
  }
});

Deno.test("a connection on which a target asks for NTLM or Negotiate is closed; others are kept", async () => {
  await using stage = await WireStage.start({ env: { UPSTREAM_TRANSPORT: "wire" } });
  for (const challenge of ["NTLM", "Negotiate", 'Basic realm="a, b", negotiate', "NTLM TlRMTVNT"]) {
    for (const body of ["no", "n".repeat(200_000)]) {
      const got = await stage.ask("GET /x", { script: answer(401, [`WWW-Authenticate: ${challenge}`], body) });
      assert.deepEqual([got.status, header(got, "www-authenticate")], [401, challenge]);
      await until(() => stage.target.open === 0, "the connection to be closed");
    }
  }
  for (const challenge of ["Basic", 'Digest realm="NTLM"', "Bearer"]) {
    await stage.ask("GET /x", { script: answer(401, [`WWW-Authenticate: ${challenge}`]) });
    assert.equal(stage.target.open, 1, challenge);
  }
  await stage.settled();
});

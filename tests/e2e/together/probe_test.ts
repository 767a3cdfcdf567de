import assert from "node:assert/strict";
import type { HealthCheckConfig } from "../../../src/config/model.ts";
import { probeTarget } from "../../../src/health/probe.ts";
import { describeProbe, type ProbeResult } from "../../../src/health/probe_result.ts";
import type { TargetSnapshot } from "../../../src/state/group_snapshot.ts";
import { systemClock } from "../../../src/time/clock.ts";
import { BAD_ANSWERS, BAD_ON_THE_WIRE } from "../../support/bad_answers.ts";
import { freePort } from "../../support/free_port.ts";
import { testWithPrograms } from "../../support/have_program.ts";
import { until, within } from "../../support/poll.ts";
import { headerValues } from "../../support/raw_message.ts";
import {
  answer,
  bytes,
  closeBeforeHeaders,
  garbage,
  hang,
  informational,
  okay,
  resetBeforeHeaders,
  slow,
} from "../../support/recorder_scripts.ts";
import { TargetTlsTexts } from "../../../src/control_plane/certificates/target_tls_texts.ts";
import { type AnswerScript, RecorderTarget } from "../../support/recorder_target.ts";
import { sampleCheck } from "../../support/sample_group.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { PROJECT_ROOT } from "../../support/sluice_program.ts";

function target(port: number, change: Partial<TargetSnapshot> = {}): TargetSnapshot {
  const all = {
    slot: 0,
    scheme: "http" as const,
    host: "app.test",
    address: "127.0.0.1",
    port,
    base: "/v1",
    weight: 1,
    ...change,
  };
  return { ...all, tls: all.scheme === "http" ? null : TargetTlsTexts.NONE.of("web", all.host) };
}

function probe(to: TargetSnapshot, check: Partial<HealthCheckConfig> = {}): Promise<ProbeResult> {
  const config = sampleCheck({ enabled: true, ...check });
  return probeTarget(to, { config, clock: systemClock, signal: new AbortController().signal });
}

/** Probes a recorder that answers by a script, and checks that nothing stays open. */
async function probeScript(script: AnswerScript, check: Partial<HealthCheckConfig> = {}): Promise<string> {
  await using recorder = await RecorderTarget.start(script);
  const result = await probe(target(recorder.port), check);
  await until(() => recorder.open === 0, "the probe's connection to be closed");
  assert.equal(recorder.connections, 1);
  return describeProbe(result);
}

/** Sends this much of an answer and then holds the connection. */
function beginning(content: string): AnswerScript {
  return async (turn) => {
    await turn.socket.send(content);
    await hang()(turn);
  };
}

Deno.test("A29 A36: a probe GETs the path, not under the base, with the entry's Host and close", async () => {
  await using recorder = await RecorderTarget.start(okay());
  const result = await probe(target(recorder.port), { path: "/up?deep=1" });
  assert.equal(result.kind, "success");
  assert.ok(result.kind === "success" && result.micros > 0);
  assert.equal(
    recorder.raw,
    `GET /up?deep=1 HTTP/1.1\r\nHost: app.test:${recorder.port}\r\nUser-Agent: sluice-health\r\nConnection: close\r\n` +
      `\r\n`,
  );
});

Deno.test("a configured Host and port are what the probe uses", async () => {
  await using recorder = await RecorderTarget.start(okay());
  const result = await probe(target(freePort()), { host: "health.example", port: recorder.port });
  assert.equal(describeProbe(result), "got 200");
  assert.deepEqual(headerValues(recorder.requests[0]!, "host"), ["health.example"]);
});

Deno.test("A30: only a status in the matcher is success, and a redirect is not followed", async () => {
  assert.equal(await probeScript(answer(503)), "Target.ResponseCodeMismatch got 503");
  assert.equal(await probeScript(answer(204)), "Target.ResponseCodeMismatch got 204");
  assert.equal(await probeScript(answer(302, ["Location: /"])), "Target.ResponseCodeMismatch got 302");
});

Deno.test("C19: with the backend list's matcher everything below 500 is healthy", async () => {
  const matcher = [{ from: 200, to: 499 }];
  assert.equal(await probeScript(answer(404), { matcher }), "got 404");
  assert.equal(await probeScript(answer(500), { matcher }), "Target.ResponseCodeMismatch got 500");
});

Deno.test("A31: a target that accepts and says nothing, or never ends its head, is a timeout", async () => {
  assert.equal(await probeScript(hang(), { timeoutMs: 100 }), "Target.Timeout");
  assert.equal(await probeScript(slow(60_000), { timeoutMs: 100 }), "Target.Timeout");
  assert.equal(await probeScript(beginning("HTTP/1.1 200 OK\r\nA: b\r\n"), { timeoutMs: 100 }), "Target.Timeout");
  assert.equal(await probeScript(beginning("HTT"), { timeoutMs: 100 }), "Target.Timeout");
});

Deno.test("a body that never ends does not keep a probe: the head decides and the connection is closed", async () => {
  assert.equal(await probeScript(beginning("HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\nx")), "got 200");
});

Deno.test("a status line that comes a byte at a time, after an interim response, is read", async () => {
  const trickle: AnswerScript = async (turn) => {
    for (const character of "HTTP/1.1 200 OK\r\nA: b\r\n\r\n") await turn.socket.send(character);
  };
  assert.equal(await probeScript(informational(103, ["Link: </a>"], trickle)), "got 200");
});

Deno.test("no listener on the port: Target.ConnectionRefused", async () => {
  assert.equal(describeProbe(await probe(target(freePort()))), "Target.ConnectionRefused");
});

Deno.test("the target resets, closes, or talks nonsense: each has its own reason", async () => {
  assert.equal(await probeScript(resetBeforeHeaders()), "Target.ConnectionReset");
  assert.equal(await probeScript(closeBeforeHeaders()), "Target.ConnectionClosed");
  assert.equal(await probeScript(bytes("HTTP/1.1 200 OK\r\n", { close: true })), "Target.ConnectionClosed");
  assert.equal(await probeScript(garbage()), "Target.InvalidResponse");
  assert.equal(await probeScript(bytes("SSH-2.0-OpenSSH_9.2\r\n")), "Target.InvalidResponse");
  assert.equal(await probeScript(bytes("HTTP/1.1 200 OK\r\nNo colon\r\n\r\n")), "Target.InvalidResponse");
});

Deno.test("a probe refuses every answer that traffic refuses", async (t) => {
  for (const [name, script] of Object.entries({ ...BAD_ANSWERS, ...BAD_ON_THE_WIRE })) {
    await t.step(name, async () => assert.equal(await probeScript(script), "Target.InvalidResponse"));
  }
});

Deno.test("a head without end is cut off at 64 KB", async () => {
  assert.equal(await probeScript(bytes("HTTP/1.1 200 OK\r\n" + "A: b\r\n".repeat(20_000))), "Target.InvalidResponse");
});

Deno.test("A72: a probe that is called off ends at once and says nothing of the target", async () => {
  await using recorder = await RecorderTarget.start(hang());
  const abort = new AbortController();
  const running = probeTarget(target(recorder.port), {
    config: sampleCheck({ timeoutMs: 60_000 }),
    clock: systemClock,
    signal: abort.signal,
  });
  await until(() => recorder.requests.length === 1, "the probe to arrive");
  abort.abort();
  assert.equal((await running).kind, "inconclusive");
  await until(() => recorder.open === 0, "the probe's connection to be closed");
});

Deno.test("an IPv6 target is probed at its address", async () => {
  await using recorder = await RecorderTarget.start(okay(), { hostname: "::1" });
  const result = await probe(target(recorder.port, { address: "::1", host: "::1" }));
  assert.equal(describeProbe(result), "got 200");
  assert.deepEqual(headerValues(recorder.requests[0]!, "host"), [`[::1]:${recorder.port}`]);
});

testWithPrograms(
  ["openssl"],
  "an https target is probed through TLS: trusted by its name, else Target.TlsFailed with the reason",
  async () => {
    await using dir = await tempDir();
    const [cert, key] = [`${dir.path}/cert.pem`, `${dir.path}/key.pem`];
    const made = await new Deno.Command("openssl", {
      args: ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        .concat(["-subj", "/CN=app.test", "-addext", "subjectAltName=DNS:app.test"])
        .concat(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", cert]),
      stderr: "null",
    }).output();
    assert.equal(made.code, 0);
    const server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      cert: await Deno.readTextFile(cert),
      key: await Deno.readTextFile(key),
      onListen: () => {},
    }, () => new Response("ok"));
    const { port } = server.addr;
    assert.equal(describeProbe(await probe(target(port, { scheme: "https" }))), "Target.TlsFailed tls_untrusted");
    for (const [host, expected] of [["app.test", "got 200"], ["other.test", "Target.TlsFailed tls_name"]]) {
      const child = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "--allow-net", "tests/support/probe_once.ts", `${host}`, `${port}`],
        cwd: PROJECT_ROOT,
        env: { DENO_CERT: cert, NO_COLOR: "1" },
        stderr: "inherit",
      }).output();
      assert.equal(new TextDecoder().decode(child.stdout).trim(), expected);
    }
    await server.shutdown();
  },
);

Deno.test("an https target that speaks plain HTTP fails by TLS, and one that hangs by time", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const to = target((listener.addr as Deno.NetAddr).port, { scheme: "https" });
  assert.equal(describeProbe(await probe(to, { timeoutMs: 100 })), "Target.Timeout");
  (await accepted).close();
  listener.close();
  const echo = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answering = echo.accept().then(async (connection) => {
    await connection.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
    return connection;
  });
  const result = await probe(target((echo.addr as Deno.NetAddr).port, { scheme: "https" }));
  assert.equal(describeProbe(result), "Target.TlsFailed");
  (await answering).close();
  echo.close();
});

Deno.test("a probe that is called off just as its connection is made leaves none open, plain or with TLS", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const config = sampleCheck({ enabled: true });
  for (const scheme of ["http", "https"] as const) {
    for (let round = 0; round < 10; round++) {
      const callOff = new AbortController();
      const { signal } = callOff;
      const to = target(listener.addr.port, { scheme });
      const probes = Array.from({ length: 10 }, () => probeTarget(to, { config, clock: systemClock, signal }));
      setTimeout(() => callOff.abort(), 1);
      // When this thread goes on, connections are made and the timer is due: the timer comes first.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      for (const { kind } of await Promise.all(probes)) assert.equal(kind, "inconclusive");
      for (const _ of probes) await endsAtOnce(await listener.accept());
    }
  }
});

/** Waits until the other side has closed a connection. */
async function endsAtOnce(conn: Deno.Conn): Promise<void> {
  using open = conn;
  await within(open.readable.getReader().read().catch(() => {}), "the connection to be closed");
}

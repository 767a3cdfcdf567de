/**
 * What becomes of raw bytes on their way through sluice's own engine, and through other proxies as they are without
 * options, by the same script: `deno task bench:bytes` prints the tables of docs/engines.md. A proxy that is not
 * installed is left out.
 */
import { pause } from "../tests/support/poll.ts";
import { groupEnvironment } from "../tests/support/mock_group.ts";
import { RawClient } from "../tests/support/raw_client.ts";
import { headerValues } from "../tests/support/raw_message.ts";
import { bytes, okay } from "../tests/support/recorder_scripts.ts";
import { RecorderTarget } from "../tests/support/recorder_target.ts";
import { SMUGGLING_FORMS } from "../tests/support/smuggling_forms.ts";
import { type Fate, TakingTarget, tryForm } from "../tests/support/smuggling_trial.ts";
import { startSluice } from "../tests/support/sluice_process.ts";
import { findProgram } from "../tests/support/have_program.ts";
import { caddy, haproxy, nginx } from "./contenders/native_proxies.ts";

interface Proxy extends AsyncDisposable {
  readonly url: string;
}

type Start = (target: string) => Promise<Proxy>;

const PROXIES: Record<string, Start> = {
  "`wire`": (target) =>
    startSluice({
      env: groupEnvironment(target, { LISTENER_ENGINE: "wire", VIA_ENABLE: "false", ACCESS_LOG: "false" }),
    }),
};
for (const contender of [nginx, haproxy, caddy]) {
  if (findProgram(contender.name) === null) continue;
  PROXIES[contender.name] = (target) => contender.start({ targets: [target] });
}

interface Stage {
  readonly target: RecorderTarget;
  connect(): Promise<RawClient>;
}

/** What is asked of each proxy, and what it did in a few words. */
const TRIALS: Record<string, (stage: Stage) => Promise<string>> = {
  async "case and order of a request's header names"({ target, connect }) {
    await using client = await connect();
    await client.exchange("GET / HTTP/1.1\r\nx-Z: 1\r\nHOST: h\r\nX-a: 2\r\nx-z: 3\r\n\r\n");
    const names = target.requests.at(-1)!.headers.map(([name]) => name).filter((name) => /^x-(?:z|a)$/i.test(name));
    if (names.join() === "x-Z,X-a,x-z") return "kept";
    return names.join() === "x-z,x-a,x-z" ? "lower case" : `changed: ${names.join(", ")}`;
  },
  async "case and order of a response's"({ target, connect }) {
    target.script = bytes("HTTP/1.1 200 OK\r\nx-Z: 1\r\nContent-Length: 0\r\nX-a: 2\r\nx-z: 3\r\n\r\n");
    await using client = await connect();
    const got = await client.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    const names = got.headers.map(([name]) => name).filter((name) => /^x-(?:z|a)$/i.test(name));
    if (names.join() === "x-Z,X-a,x-z") return "kept";
    return names.join() === "x-z,x-a,x-z" ? "lower case" : `changed: ${names.join(", ")}`;
  },
  async "a reason phrase"({ target, connect }) {
    target.script = bytes("HTTP/1.1 200 All's Well\r\nContent-Length: 0\r\n\r\n");
    await using client = await connect();
    return (await client.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")).startLine.endsWith("All's Well")
      ? "kept"
      : "replaced";
  },
  async "103 of a target"({ target, connect }) {
    target.script = bytes("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await using client = await connect();
    await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    const first = await client.socket.readThrough("\r\n\r\n", 3_000).catch(() => null);
    return first === null ? "no response" : first.startsWith("HTTP/1.1 103") ? "passed on" : "dropped";
  },
  async "Expect: 100-continue"({ target, connect }) {
    target.script = async ({ socket }) => {
      await pause(300);
      await socket.send("HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    await using client = await connect();
    await client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    const first = (await client.socket.readThrough("\r\n\r\n"))!;
    return first.startsWith("HTTP/1.1 417") ? "the target answers" : "the proxy answers 100";
  },
  async "trailers of a request"({ target, connect }) {
    await using client = await connect();
    await client.exchange(
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: 1\r\n\r\n",
    );
    return target.requests.at(-1)!.raw.endsWith("X-T: 1\r\n\r\n") ? "passed on" : "dropped";
  },
  async "trailers of a response"({ target, connect }) {
    target.script = bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: 1\r\n\r\n");
    await using client = await connect();
    const got = await client.exchange("GET / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\n\r\n");
    return got.raw.endsWith("X-T: 1\r\n\r\n") ? "passed on" : "dropped";
  },
  async "status 205"({ target, connect }) {
    target.script = bytes("HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n\r\n");
    await using client = await connect();
    return `${(await client.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")).status}`;
  },
  async "`OPTIONS *`"({ target, connect }) {
    await using client = await connect();
    const { status } = await client.exchange("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n");
    return target.requests.at(-1)?.path === "*"
      ? "passed on"
      : `${status} ${target.requests.at(-1)?.path ?? ""}`.trim();
  },
  async "a body on GET"({ target, connect }) {
    await using client = await connect();
    const { status } = await client.exchange("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
    return target.requests.at(-1)?.body.length === 2 ? "passed on" : `${status}, dropped`;
  },
  async "absolute form"({ target, connect }) {
    await using client = await connect();
    await client.exchange("GET http://h/x?y HTTP/1.1\r\nHost: h\r\n\r\n");
    return `target sees ${target.requests.at(-1)?.path ?? "nothing"}`;
  },
  async "HTTP/1.0 without Host"({ target, connect }) {
    await using client = await connect();
    const { status } = await client.exchange("GET / HTTP/1.0\r\n\r\n");
    return target.requests.length > 0 && status === 200 ? "served" : `${status}`;
  },
  async "keep-alive in HTTP/1.0"({ connect }) {
    await using client = await connect();
    const got = await client.exchange("GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n");
    return headerValues(got, "connection").some((value) => /keep-alive/i.test(value)) ? "kept" : "closed";
  },
  async "1,000 pipelined requests"({ target, connect }) {
    target.script = ({ path, socket }) =>
      socket.send(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`);
    await using client = await connect();
    const paths = Array.from({ length: 1000 }, (_, i) => `/${i}`);
    await client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`).join(""));
    for (const [i, path] of paths.entries()) {
      const got = await client.response();
      if (new TextDecoder().decode(got.body) !== path) return `wrong from ${i} on`;
    }
    return "answered in order";
  },
  async "a client that ends its side"({ target, connect }) {
    target.script = async (turn) => {
      await pause(500);
      await okay()(turn);
    };
    await using client = await connect();
    await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    client.halfClose();
    return (await client.socket.readToEnd()).includes("HTTP/1.1 200") ? "is answered" : "is not answered";
  },
  async "bare LF as a line's end"({ connect }) {
    await using client = await connect();
    await client.send("GET / HTTP/1.1\nHost: h\n\n");
    return (await client.socket.readThrough("\n"))?.includes(" 200 ") ? "accepted" : "refused";
  },
};

const rows = Object.fromEntries(Object.keys(TRIALS).map((name) => [name, [] as string[]]));
const fates: Record<string, Record<Fate, string[]>> = {};
for (const [name, start] of Object.entries(PROXIES)) {
  for (const [trial, run] of Object.entries(TRIALS)) {
    await using target = await RecorderTarget.start();
    await using proxy = await start(target.address);
    const connect = () => RawClient.connect(proxy.url);
    // What was asked to see whether it is there.
    target.requests.length = 0;
    const row = rows[trial]!;
    row.push(await run({ target, connect }).catch((error) => `fails: ${String(error.message).slice(0, 40)}`));
  }
  await using target = await TakingTarget.start();
  await using proxy = await start(`127.0.0.1:${target.port}`);
  const fate: Record<Fate, string[]> = fates[name] = { refused: [], passed: [], "second meaning": [] };
  for (const form of SMUGGLING_FORMS) fate[(await tryForm(form, { url: proxy.url, target })).fate].push(form.name);
}

const names = Object.keys(PROXIES);
const line = (cells: readonly string[]) => console.log(`| ${cells.join(" | ")} |`);
line(["", ...names]);
line(["", ...names].map(() => "---"));
for (const [trial, cells] of Object.entries(rows)) line([trial, ...cells]);
console.log(`\n${SMUGGLING_FORMS.length} forms of smuggling:\n`);
line(["", ...names]);
line(["", ...names].map(() => "---"));
for (const fate of ["refused", "passed", "second meaning"] as const) {
  line([
    fate,
    ...names.map((name) => `${fates[name]![fate].length}`),
  ]);
}
for (const name of names) {
  for (const form of fates[name]!["second meaning"]) console.log(`\n${name}: second meaning: ${form}`);
}
Deno.exit(0);

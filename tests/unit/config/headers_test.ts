import assert from "node:assert/strict";
import { configOf, messages, MINIMAL, parseEnvironment, parseWith } from "./parse_with.ts";

Deno.test("headers are set and removed a line each, for the listener and for rules", () => {
  const config = configOf(parseEnvironment({
    ...MINIMAL,
    REQUEST_HEADERS_SET: "X-Client: #{client_ip}\n\n  X-Empty:\r\nX-Url: a:b # c",
    RESPONSE_HEADERS_REMOVE: "Server\nX-Powered-By",
    LISTENER_RULE_1_RESPONSE_HEADERS_SET: "Cache-Control: no-store",
  }));
  assert.deepEqual(config.listener.headers, {
    requestSet: [
      { name: "X-Client", value: "#{client_ip}" },
      { name: "X-Empty", value: "" },
      { name: "X-Url", value: "a:b # c" },
    ],
    requestRemove: [],
    responseSet: [],
    responseRemove: ["server", "x-powered-by"],
  });
  assert.deepEqual(config.rules[0]!.headers.responseSet, [{ name: "Cache-Control", value: "no-store" }]);
});

Deno.test("in double quotes of a .env file \\n separates lines", () => {
  const text = 'BACKEND_SERVERS=a:1\nRESPONSE_HEADERS_SET="X-One: 1\\nX-Two: #{host}"\n';
  const { listener } = configOf(parseWith({ envFile: { path: ".env", text } }));
  assert.deepEqual(listener.headers.responseSet, [{ name: "X-One", value: "1" }, { name: "X-Two", value: "#{host}" }]);
});

Deno.test("headers of framing, of one connection and of the way are refused", () => {
  const names = ["Content-Length", "transfer-encoding", "Trailer", "TE", "Connection", "Keep-Alive", "Upgrade"];
  const all = [...names, "Proxy-Connection", "Host", "VIA", "Expect"];
  const problemsOf = (variable: string, text: string) =>
    messages(parseEnvironment({ ...MINIMAL, [variable]: text }).problems);
  const why = "which only sluice itself can set: it concerns the connection, the body or the way";
  for (const name of all) {
    assert.deepEqual(problemsOf("REQUEST_HEADERS_SET", `X-Fine: 1\n${name}: x`), [
      `Cannot use "X-Fine: 1\\n${name}: x" as REQUEST_HEADERS_SET: it must be without "${name}", ${why}`,
    ]);
    assert.deepEqual(problemsOf("RESPONSE_HEADERS_REMOVE", name), [
      `Cannot use "${name}" as RESPONSE_HEADERS_REMOVE: it must be without "${name}", ${why}`,
    ]);
  }
});

Deno.test("what is no header line, no ASCII or no placeholder is refused with its text", () => {
  const problem = (value: string, variable = "LISTENER_RULE_1_REQUEST_HEADERS_SET") => {
    const all = messages(parseEnvironment({ ...MINIMAL, [variable]: value }).problems);
    assert.equal(all.length, 1, value);
    return all[0]!;
  };
  for (const value of ["X-Name", "X Name: 1", ": 1", "X-Näme: 1"]) assert.match(problem(value), /lines of Name: value/);
  for (const value of ["X: ä", "X: a\u0000b", "X: a\u007f"]) assert.match(problem(value), /values of ASCII characters/);
  assert.match(problem("X: #{clientip}"), /placeholders #\{protocol\}, .*#\{target\} \("#\{clientip\}" is none\)$/);
  assert.match(problem("X: #{host"), /"#\{host" is none/);
  assert.match(problem("X-Name: 1", "REQUEST_HEADERS_REMOVE"), /names of headers, a line each \("X-Name: 1" is not\)/);
});

Deno.test("a placeholder outside quotes in a .env file, where it begins a comment, is an error that says so", () => {
  const text = "BACKEND_SERVERS=a:1\nREQUEST_HEADERS_SET=X-Client: #{client_ip}\n";
  assert.deepEqual(messages(parseWith({ envFile: { path: ".env", text } }).problems), [
    'REQUEST_HEADERS_SET (.env:2): It was cut at "#{", where a comment begins in .env: put the value between double ' +
    "quotes",
  ]);
});

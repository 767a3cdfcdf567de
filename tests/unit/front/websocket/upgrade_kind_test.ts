import assert from "node:assert/strict";
import { handshakeProblem, upgradeKind } from "../../../../src/front/websocket/upgrade_kind.ts";
import { TextLines } from "../../../../src/http1/field_lines.ts";

function linesOf(headers: Record<string, string>): TextLines {
  const lines = new TextLines();
  for (const [name, value] of Object.entries(headers)) lines.add(name, value);
  return lines;
}

Deno.test("a request is an upgrade only if Connection lists it and Upgrade names something", () => {
  const kindOf = (headers: Record<string, string>) => upgradeKind("GET", linesOf(headers));
  assert.equal(kindOf({ connection: "keep-alive, Upgrade", upgrade: "websocket" }), "websocket");
  assert.equal(kindOf({ connection: "keep-alive", upgrade: "websocket" }), "none");
  assert.equal(kindOf({ connection: "upgrade" }), "none");
  assert.equal(kindOf({ connection: "upgraded", upgrade: "websocket" }), "none");
  assert.equal(kindOf({ connection: "upgrade", upgrade: "" }), "none");
});

Deno.test("offers that mean nothing if they fail are passed over, other protocols are refused", () => {
  const kinds: [string, string, string][] = [
    ["GET", "websocket", "websocket"],
    ["GET", "WebSocket", "websocket"],
    ["GET", "h2c, websocket", "websocket"],
    ["POST", "websocket", "ignore"],
    ["GET", "h2c", "ignore"],
    ["GET", "HTTP/2.0, h2c", "ignore"],
    ["POST", "TLS/1.2", "ignore"],
    ["POST", "tcp", "refuse"],
    ["GET", "SPDY/3.1", "refuse"],
    ["GET", "h2c, IRC/6.9", "refuse"],
  ];
  for (const [method, upgrade, kind] of kinds) {
    assert.equal(upgradeKind(method, linesOf({ connection: "Upgrade", upgrade })), kind, `${method} ${upgrade}`);
  }
  assert.equal(upgradeKind("GET", linesOf({})), "none");
});

Deno.test("a handshake is checked as RFC 6455 section 4.2.1 asks", () => {
  const good = { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version": "13" };
  assert.equal(handshakeProblem(linesOf(good)), null);
  assert.equal(handshakeProblem(linesOf({ ...good, "content-length": "0" })), null);
  assert.equal(handshakeProblem(linesOf({ ...good, "sec-websocket-protocol": "a, b,c" })), null);
  assert.equal(handshakeProblem(linesOf({ ...good, "sec-websocket-version": "14" }))?.status, 426);
  const bad: [string, string][] = [
    ["sec-websocket-key", "x"],
    ["sec-websocket-key", `${good["sec-websocket-key"]}, ${good["sec-websocket-key"]}`],
    ["content-length", "1"],
    ["transfer-encoding", "chunked"],
    ["sec-websocket-protocol", "a,(b)"],
  ];
  for (const [name, value] of bad) {
    const problem = handshakeProblem(linesOf({ ...good, [name]: value }));
    assert.deepEqual([problem?.reason, problem?.status], ["bad_request", undefined], `${name}: ${value}`);
  }
});

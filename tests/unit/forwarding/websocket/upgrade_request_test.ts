import assert from "node:assert/strict";
import {
  handshakeProblem,
  isUpgrade,
  targetHandshakeHeaders,
  toldOfHandshake,
  upgradeKind,
} from "../../../../src/forwarding/websocket/upgrade_request.ts";

Deno.test("a request is an upgrade only if Connection lists it and Upgrade names something", () => {
  assert.equal(isUpgrade(new Headers({ connection: "keep-alive, Upgrade", upgrade: "websocket" })), true);
  assert.equal(isUpgrade(new Headers({ connection: "keep-alive", upgrade: "websocket" })), false);
  assert.equal(isUpgrade(new Headers({ connection: "upgrade" })), false);
  assert.equal(isUpgrade(new Headers({ connection: "upgraded", upgrade: "websocket" })), false);
  assert.equal(isUpgrade(new Headers({ connection: "upgrade", upgrade: "" })), false);
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
    assert.equal(upgradeKind(method, new Headers({ connection: "Upgrade", upgrade })), kind, `${method} ${upgrade}`);
  }
  assert.equal(upgradeKind("GET", new Headers()), "none");
});

Deno.test("a handshake is checked as RFC 6455 section 4.2.1 asks", () => {
  const good = { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version": "13" };
  assert.equal(handshakeProblem(new Headers(good)), null);
  assert.equal(handshakeProblem(new Headers({ ...good, "content-length": "0" })), null);
  assert.equal(handshakeProblem(new Headers({ ...good, "sec-websocket-protocol": "a, b,c" })), null);
  assert.equal(handshakeProblem(new Headers({ ...good, "sec-websocket-version": "14" }))?.status, 426);
  const bad: [string, string][] = [
    ["sec-websocket-key", "x"],
    ["sec-websocket-key", `${good["sec-websocket-key"]}, ${good["sec-websocket-key"]}`],
    ["content-length", "1"],
    ["transfer-encoding", "chunked"],
    ["sec-websocket-protocol", "a,(b)"],
  ];
  for (const [name, value] of bad) {
    assert.equal(handshakeProblem(new Headers({ ...good, [name]: value }))?.status, 400, `${name}: ${value}`);
  }
});

Deno.test("the target's handshake keeps the client's headers, but for those that belong to a leg", () => {
  const headers = targetHandshakeHeaders([
    ["Host", "a:1"],
    ["X-Twice", "1"],
    ["Sec-WebSocket-Key", "k"],
    ["sec-websocket-version", "13"],
    ["Sec-WebSocket-Extensions", "permessage-deflate"],
    ["Sec-WebSocket-Protocol", "v1"],
    ["x-twice", "2"],
    ["Connection", "upgrade"],
    ["Upgrade", "websocket"],
    ["Content-Length", "0"],
    ["__proto__", "x"],
  ]);
  assert.deepEqual(Object.entries(headers), [
    ["Host", "a:1"],
    ["X-Twice", ["1", "2"]],
    ["Sec-WebSocket-Protocol", "v1"],
    ["__proto__", "x"],
  ]);
});

Deno.test("the client is told the target's own headers, and not those of its leg", () => {
  assert.deepEqual(
    toldOfHandshake([
      ...["Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Accept", "x", "Set-Cookie", "a=1"],
      ...["Set-Cookie", "b=2", "Sec-WebSocket-Protocol", "v1", "Server", "s"],
    ]),
    [["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"], ["Sec-WebSocket-Protocol", "v1"], ["Server", "s"]],
  );
});

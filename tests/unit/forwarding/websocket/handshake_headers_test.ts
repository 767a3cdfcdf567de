import assert from "node:assert/strict";
import { targetHandshakeHeaders, toldOfHandshake } from "../../../../src/forwarding/websocket/handshake_headers.ts";

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
  const told: [string, string][] = [];
  const lines = toldOfHandshake([
    ...["Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Accept", "x", "Set-Cookie", "a=1"],
    ...["Set-Cookie", "b=2", "Sec-WebSocket-Protocol", "v1", "Server", "s"],
  ]);
  lines.forEach((name, value) => told.push([name, value]));
  assert.deepEqual(told, [
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
    ["sec-websocket-protocol", "v1"],
    ["server", "s"],
  ]);
});

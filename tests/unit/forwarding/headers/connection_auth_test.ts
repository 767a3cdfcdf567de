import assert from "node:assert/strict";
import { bindsConnection } from "../../../../src/forwarding/headers/connection_auth.ts";

Deno.test("schemes that authenticate a connection are found among others, and nowhere else", () => {
  for (
    const value of [
      "NTLM",
      "negotiate",
      "NTLM TlRM",
      "Negotiate YII==, Basic realm=x",
      'Basic realm="a",NTLM',
      ",\tNTLM",
    ]
  ) assert.equal(bindsConnection(value), true, value);
  for (
    const value of [
      "",
      "Basic",
      "Bearer ntlm",
      "NTLMv2 x",
      'Digest realm="NTLM", nonce=1',
    ]
  ) assert.equal(bindsConnection(value), false, value);
});

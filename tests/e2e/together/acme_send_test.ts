/** A directory that does not respond, asked as sluice asks it, on a clock that the test moves. */
import assert from "node:assert/strict";
import { makeSend } from "../../../src/control_plane/acme/send.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { testWithPrograms } from "../../support/have_program.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { until } from "../../support/poll.ts";
import { TlsTarget } from "../../support/tls_target.ts";

for (
  const [what, text] of [
    ["never responds", ""],
    ["never ends its response", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"],
  ] as const
) {
  // The client for a directory lives as long as the process.
  Deno.test(`a directory that ${what} is given up after 30 s`, { sanitizeResources: false }, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const clock = new ManualClock();
    const url = `http://127.0.0.1:${listener.addr.port}/dir`;
    const outcome = makeSend(clock, null)(url).then(() => "responded", (error: Error) => error.message);
    using conn = await listener.accept();
    await conn.read(new Uint8Array(4096));
    await conn.write(new TextEncoder().encode(text));
    clock.advance(29_999);
    assert.equal(clock.timers, 1, "it still waits");
    clock.advance(1);
    assert.equal(await outcome, `The directory at 127.0.0.1:${listener.addr.port} did not respond within 30 s`);
    await until(() => clock.timers === 0, "the timer to end");
  });
}

testWithPrograms(
  ["openssl"],
  "a directory whose certificate is not valid now makes sluice ask for the clock",
  async () => {
    await using authority = await TestAuthority.make();
    const root = await authority.root();
    for (
      const [dates, words] of [
        [{ notBefore: "20200101000000Z", notAfter: "20200201000000Z" }, /certificate expired/],
        [{ notBefore: "20450101000000Z", notAfter: "20460101000000Z" }, /certificate not valid yet/],
      ] as const
    ) {
      await using directory = new TlsTarget(await authority.issue({ names: ["127.0.0.1"], ...dates }));
      await assert.rejects(makeSend(new ManualClock(), root)(`${directory.address()}/dir`), (error: Error) => {
        assert.match(error.message, words);
        assert.match(error.message, /can't be reached: .*\(is this machine's clock right\?\)$/);
        return true;
      });
    }
  },
  { sanitizeResources: false },
);

/** Requests that clients take back while sluice connects to their target leave nothing open. */
import { TestAuthority } from "../../support/certificates.ts";
import { frame, FrameType, get, Http2Client, word } from "../../support/http2_client.ts";
import { until } from "../../support/poll.ts";
import { hang } from "../../support/recorder_scripts.ts";
import { TlsStage } from "../../support/tls_stage.ts";

Deno.test("a request that is taken back while its connection is made leaves no connection to its target", async () => {
  await using authority = await TestAuthority.make();
  await using stage = await TlsStage.start([await authority.issue({ names: ["localhost"] })]);
  stage.target.script = hang();
  const descriptors = () => [...Deno.readDirSync(`/proc/${stage.sluice.pid}/fd`)].length;
  const before = descriptors();
  for (let round = 0; round < 10; round++) {
    using client = await Http2Client.connect(stage.port, authority);
    const streams = Array.from({ length: 10 }, (_, index) => 2 * index + 1);
    await client.send(...streams.map((stream) => get(stream, "/")), frame(FrameType.ping, 0, 0, new Uint8Array(8)));
    // The answer to the ping says that the requests have begun: those that are taken back at once never do.
    await client.frame(FrameType.ping);
    await client.send(...streams.map((stream) => frame(FrameType.reset, 0, stream, word(8))));
    await until(async () => (await stage.sluice.accessLines((round + 1) * 10)).length === (round + 1) * 10, "the log");
  }
  await until(() => descriptors() <= before + 5, () => `${descriptors()} descriptors, ${before} before`);
});

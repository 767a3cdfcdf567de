import assert from "node:assert/strict";
import { header } from "./raw_message.ts";
import { testWithPrograms } from "./have_program.ts";
import { NginxTarget } from "./nginx_target.ts";
import { rawExchange } from "./raw_client.ts";

testWithPrograms(
  ["nginx"],
  "the nginx target compresses, serves ranges and answers with its own error page",
  async () => {
    await using nginx = await NginxTarget.start({ files: { "/a/page.txt": "text ".repeat(1000) } });
    const ask = (path: string, more = "") =>
      rawExchange(`http://${nginx.address}`, `GET ${path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n${more}\r\n`);
    const zipped = await ask("/a/page.txt", "Accept-Encoding: gzip\r\n");
    assert.equal(header(zipped, "content-encoding"), "gzip");
    assert.equal((await ask("/a/page.txt", "Range: bytes=0-9\r\n")).body.length, 10);
    assert.equal((await ask("/nowhere")).status, 404);
    assert.match((await nginx.accessLines())[0] ?? "", /^GET \/a\/page.txt 200 "t" \d+$/);
  },
);

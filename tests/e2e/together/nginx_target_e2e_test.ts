/** nginx as the target and curl as the client: nobody of this project wrote either. */
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { missingOf } from "../../support/have_program.ts";
import { NginxTarget } from "../../support/nginx_target.ts";
import { header } from "../../support/raw_message.ts";
import { rawExchange } from "../../support/raw_client.ts";
import { startSluice } from "../../support/sluice_process.ts";
import { tempDir } from "../../support/temp_dir.ts";

const PAGE = `<html>${"hello ".repeat(500)}</html>`;
const BINARY = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 31 + (i >> 8)) & 255);

/** Runs curl; its answer's bytes, and what `-w` says. */
async function curl(args: readonly string[]): Promise<{ body: Uint8Array; said: string; code: number }> {
  await using dir = await tempDir();
  const output = await new Deno.Command("curl", {
    args: ["--silent", "--show-error", "--max-time", "30", "--noproxy", "*", "-o", `${dir.path}/body`, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const body = await Deno.readFile(`${dir.path}/body`).catch(() => new Uint8Array(0));
  return { body, said: new TextDecoder().decode(output.stdout), code: output.code };
}

Deno.test({
  name: "nginx as a target: gzip, ranges, conditional requests, keep-alive and its own error pages pass (A52)",
  ignore: missingOf("nginx", "curl").length > 0,
  async fn(t) {
    await using nginx = await NginxTarget.start({
      files: { "/page.html": PAGE, "/big.bin": BINARY },
      server: "location = /denied { return 403; } location = /moved { return 301 /page.html; }",
    });
    await using sluice = await startSluice({
      env: {
        LISTENER_RULE_1_PATH_PREFIX: "/",
        LISTENER_RULE_1_TARGET_GROUP: "web",
        TARGET_GROUP_1_NAME: "web",
        TARGET_GROUP_1_TARGETS: nginx.address,
      },
    });
    const direct = `http://${nginx.address}`;
    const get = (path: string, headers: string[] = [], method = "GET") =>
      rawExchange(sluice.url, [`${method} ${path} HTTP/1.1`, "Host: x", ...headers, "", ""].join("\r\n"), method);

    await t.step("a page, asked for with and without gzip, is whole", async () => {
      const plain = await get("/page.html");
      assert.equal(new TextDecoder().decode(plain.body), PAGE);
      assert.equal(header(plain, "content-encoding"), null);
      const asked = await get("/page.html", ["Accept-Encoding: gzip"]);
      const body = header(asked, "content-encoding") === "gzip" ? new Uint8Array(gunzipSync(asked.body)) : asked.body;
      assert.equal(new TextDecoder().decode(body), PAGE);
      const { body: byCurl } = await curl(["--compressed", `${sluice.url}/page.html`]);
      assert.equal(new TextDecoder().decode(byCurl), PAGE);
    });
    await t.step("one range, several ranges, and one that can't be met", async () => {
      const part = await get("/big.bin", ["Range: bytes=1000-1999"]);
      assert.deepEqual([part.status, header(part, "content-range")], [206, "bytes 1000-1999/1000000"]);
      assert.deepEqual(part.body, BINARY.slice(1000, 2000));
      const parts = await get("/big.bin", ["Range: bytes=0-1,10-11"]);
      assert.equal(parts.status, 206);
      assert.match(header(parts, "content-type")!, /^multipart\/byteranges; boundary=/);
      assert.equal(parts.body.length, Number(header(parts, "content-length")));
      assert.equal((await get("/big.bin", ["Range: bytes=2000000-"])).status, 416);
    });
    await t.step("a conditional request is answered 304", async () => {
      const etag = header(await get("/big.bin"), "etag")!;
      const got = await get("/big.bin", [`If-None-Match: ${etag}`]);
      assert.deepEqual([got.status, header(got, "etag"), got.body.length], [304, etag, 0]);
    });
    await t.step("HEAD has the file's length", async () => {
      const got = await get("/big.bin", [], "HEAD");
      assert.deepEqual([got.status, header(got, "content-length")], [200, "1000000"]);
    });
    await t.step("its redirects and error pages are its own", async () => {
      for (const [path, status] of [["/denied", 403], ["/missing", 404], ["/moved", 301]] as const) {
        const got = await get(path);
        assert.equal(got.status, status);
        assert.match(new TextDecoder().decode(got.body), /nginx/);
        assert.match(header(got, "server")!, /^nginx/);
      }
    });
    await t.step("its answers through sluice are its answers to curl, byte for byte", async () => {
      for (const path of ["/page.html", "/big.bin", "/missing", "/denied"]) {
        const through = await curl(["-w", "%{http_code}", sluice.url + path]);
        const itself = await curl(["-w", "%{http_code}", direct + path]);
        assert.deepEqual([through.code, through.said], [0, itself.said]);
        assert.deepEqual(through.body, itself.body);
      }
    });
    await t.step("curl resumes, uploads in chunks, and speaks HTTP/1.0", async () => {
      const resumed = await curl(["-C", "999000", "-w", "%{http_code}", `${sluice.url}/big.bin`]);
      assert.deepEqual([resumed.said, resumed.body], ["206", BINARY.slice(999_000)]);
      const upload = ["-X", "PUT", "-H", "Transfer-Encoding: chunked", "--data-binary", "x".repeat(5000)];
      assert.equal((await curl([...upload, "-w", "%{http_code}", `${sluice.url}/page.html`])).said, "405");
      const old = await curl(["--http1.0", "-w", "%{http_code} %{http_version}", `${sluice.url}/page.html`]);
      assert.equal(new TextDecoder().decode(old.body), PAGE);
    });
    await t.step("connections to it are kept and used again", async () => {
      const before = new Set((await nginx.accessLines()).map((line) => line.split(" ").at(-1)));
      for (let i = 0; i < 20; i++) await get("/page.html");
      const lines = await nginx.accessLines();
      const used = new Set(lines.slice(-20).map((line) => line.split(" ").at(-1)));
      assert.ok(used.size <= 2, `20 requests over ${used.size} connections, ${before.size} before`);
      assert.ok(
        lines.every((line) => line.includes(`"${nginx.address}"`) || line.includes('"127.0.0.1')),
        "its own Host",
      );
    });
    const stats = await sluice.settled();
    assert.equal(stats.reasons.bad_response + stats.reasons.reset_before_headers, 0);
  },
});

import assert from "node:assert/strict";
import { runSluice } from "../support/sluice_process.ts";
import { tempDir } from "../support/temp_dir.ts";

const SITE = "server { listen 80; location / { proxy_pass http://10.0.0.1:3000; } }\n";

Deno.test("an import that carries everything over ends with 0 and prints a file that check accepts", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/site.conf`, SITE);
  const done = await runSluice(["import", "nginx", "site.conf"], {}, { cwd: dir.path });
  assert.equal(done.code, 0, done.stderr);
  assert.equal(done.stderr, "");
  const checked = await runSluice(["check"], {}, { envFileText: done.stdout });
  assert.equal(checked.code, 0, checked.stdout);
});

Deno.test("an import that leaves something out ends with 3, prints the file and says how much is missing", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/site.conf`, SITE.replace("location /", "error_page 404 /404.html; location /"));
  const done = await runSluice(["import", "nginx", "site.conf"], {}, { cwd: dir.path });
  assert.equal(done.code, 3, done.stderr);
  assert.match(done.stdout, /^TARGET_GROUP_1_TARGETS=10\.0\.0\.1:3000$/m);
  assert.match(done.stdout, /^# site\.conf:1: error_page 404 \/404\.html -> /m);
  assert.match(done.stderr, /^1 thing was not carried over/);
});

Deno.test("an import reads the files that a file includes, in the order of their names", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(`${dir.path}/sites`);
  await Deno.writeTextFile(`${dir.path}/nginx.conf`, "events {}\nhttp { include sites/*.conf; }\n");
  await Deno.writeTextFile(
    `${dir.path}/sites/b.conf`,
    SITE.replace("10.0.0.1", "10.0.0.2").replace("listen 80;", "listen 80; server_name b;"),
  );
  await Deno.writeTextFile(`${dir.path}/sites/a.conf`, SITE);
  const done = await runSluice(["import", "nginx", "nginx.conf"], {}, { cwd: dir.path });
  assert.match(done.stdout, /^# sites\/a\.conf:1: proxy_pass/m);
  assert.match(done.stdout, /^# sites\/b\.conf:1: proxy_pass/m);
});

Deno.test("an import of a broken file ends with 1, names each mistake and prints nothing on stdout", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/site.conf`, "server {\n  listen 80\n}\n}\n");
  const done = await runSluice(["import", "nginx", "site.conf", "missing.conf"], {}, { cwd: dir.path });
  assert.equal(done.code, 1);
  assert.equal(done.stdout, "");
  assert.match(done.stderr, /^Cannot read "missing\.conf": there is no such file/m);
  const broken = await runSluice(["import", "nginx", "site.conf"], {}, { cwd: dir.path });
  assert.equal(broken.code, 1);
  assert.equal(broken.stdout, "");
  assert.match(broken.stderr, /^site\.conf:2: .*\nsite\.conf:4: /m);
});

Deno.test("an import of an unknown kind ends with 2 and names the kinds", async () => {
  const done = await runSluice(["import", "apache", "httpd.conf"]);
  assert.equal(done.code, 2);
  assert.equal(done.stdout, "");
  assert.match(done.stderr, /^There is no kind "apache"; the kinds are .*nginx/);
});

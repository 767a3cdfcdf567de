import { findProgram } from "../../tests/support/have_program.ts";
import { freePort } from "../../tests/support/free_port.ts";
import { type TempDir, tempDir } from "../../tests/support/temp_dir.ts";
import { type Contender, startContender } from "../contender.ts";
import { PROXY_CORES } from "../process.ts";

/** The well-known `http-proxy` on Node, with kept connections. */
export const httpProxy = onNode(
  "http-proxy",
  "http-proxy@1.18.1",
  `
const http = require("node:http");
const [port, ...targets] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 512 });
const proxy = require("http-proxy").createProxyServer({ agent });
proxy.on("error", (error, request, response) => response.writeHead(502).end());
let next = 0;
http.createServer((request, response) => {
  proxy.web(request, response, { target: "http://" + targets[next++ % targets.length] });
}).listen(Number(port), "127.0.0.1");
`,
);

/** undici's pools on Node behind node:http, streaming into the answer. */
export const undici = onNode(
  "undici",
  "undici@7.30.2",
  `
const http = require("node:http");
const { Pool } = require("undici");
const [port, ...targets] = process.argv.slice(2);
const pools = targets.map((target) => new Pool("http://" + target, { connections: 512 }));
const HOP = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "host"]);
function clean(headers) {
  const kept = {};
  for (const name in headers) if (!HOP.has(name)) kept[name] = headers[name];
  return kept;
}
let next = 0;
http.createServer((request, response) => {
  const hasBody = request.headers["content-length"] > 0 || request.headers["transfer-encoding"] !== undefined;
  pools[next++ % pools.length].stream({
    path: request.url,
    method: request.method,
    headers: clean(request.headers),
    body: hasBody ? request : null,
  }, ({ statusCode, headers }) => response.writeHead(statusCode, clean(headers))).catch(() => response.destroy());
}).listen(Number(port), "127.0.0.1");
`,
);

function onNode(name: string, dependency: string, code: string): Contender {
  return {
    name: `${name} on Node`,
    needs: ["node", "npm"],
    async start({ targets, cores = PROXY_CORES, under }) {
      const dir = await tempDir();
      await Deno.writeTextFile(`${dir.path}/server.cjs`, code);
      await install(dir, dependency);
      const port = freePort();
      return await startContender({
        program: findProgram("node")!,
        args: ["server.cjs", `${port}`, ...targets],
        env: { NODE_ENV: "production" },
        cwd: dir.path,
        cores,
        under,
        port,
      }, dir);
    },
  };
}

async function install(dir: TempDir, dependency: string): Promise<void> {
  const { code, stderr } = await new Deno.Command(findProgram("npm")!, {
    args: ["install", "--silent", "--no-audit", "--no-fund", "--prefix", dir.path, dependency],
    cwd: dir.path,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code !== 0) throw new Error(`npm could not install ${dependency}: ${new TextDecoder().decode(stderr)}`);
}

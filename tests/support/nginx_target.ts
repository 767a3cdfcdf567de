import { findProgram } from "./have_program.ts";
import { freePort } from "./free_port.ts";
import { ProgramChild } from "./program_child.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";

/** How the nginx target is set up. */
export interface NginxOptions {
  /** Files it serves, by path (`/big.bin`). Text is written as UTF-8. */
  readonly files?: Record<string, string | Uint8Array>;
  /** More lines for its `server { }`. */
  readonly server?: string;
  /** More lines for its `http { }`, before the server. */
  readonly http?: string;
}

/**
 * Debian's nginx as a target from outside this project: gzip, ranges, conditional requests, keep-alive, error pages of
 * its own. It logs each request as `METHOD URI STATUS "Host" CONNECTION`, where CONNECTION is nginx's number of it.
 */
export class NginxTarget implements AsyncDisposable {
  readonly port: number;
  readonly #child: ProgramChild;
  readonly #dir: TempDir;

  private constructor(port: number, child: ProgramChild, dir: TempDir) {
    this.port = port;
    this.#child = child;
    this.#dir = dir;
  }

  /** Starts one on a free loopback port; if that was taken meanwhile, it tries another. */
  static async start(options: NginxOptions = {}): Promise<NginxTarget> {
    const program = findProgram("nginx");
    if (program === null) throw new Error("nginx is not installed");
    for (let attempt = 1;; attempt++) {
      const target = await NginxTarget.#tryStart(program, freePort(), options);
      if (target !== null) return target;
      if (attempt === 5) throw new Error("nginx found each of 5 free ports taken");
    }
  }

  /** `127.0.0.1:PORT`, as `TARGET_GROUP_<N>_TARGETS` wants it. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The lines of its access log so far. */
  async accessLines(): Promise<string[]> {
    const text = await Deno.readTextFile(`${this.#dir.path}/access.log`);
    return text.split("\n").filter((line) => line !== "");
  }

  /** Ends it at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }

  static async #tryStart(program: string, port: number, options: NginxOptions): Promise<NginxTarget | null> {
    const dir = await tempDir();
    // nginx drops to another user for its worker when it is started as root: that user must reach the files
    await Deno.chmod(dir.path, 0o755);
    for (const [path, content] of Object.entries(options.files ?? {})) {
      const file = `${dir.path}/www${path}`;
      await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      await Deno.writeFile(file, typeof content === "string" ? new TextEncoder().encode(content) : content);
    }
    await Deno.mkdir(`${dir.path}/www`, { recursive: true });
    await Deno.writeTextFile(`${dir.path}/nginx.conf`, configuration(dir.path, port, options));
    const args = ["-p", dir.path, "-c", `${dir.path}/nginx.conf`, "-e", "stderr"];
    const child = new ProgramChild(program, args, dir);
    const isReady = await child.ready(() => accepts(port), `nginx on port ${port}`);
    const portWasTaken = child.stderr.includes("bind()");
    if (isReady && !portWasTaken) return new NginxTarget(port, child, dir);
    await child[Symbol.asyncDispose]();
    if (portWasTaken) return null;
    throw new Error(`nginx ended: ${child.stderr}`);
  }
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

function configuration(dir: string, port: number, options: NginxOptions): string {
  return `
daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
events { worker_connections 1024; }
http {
  default_type application/octet-stream;
  types { text/html html; text/plain txt; application/json json; }
  log_format plain '$request_method $request_uri $status "$http_host" $connection';
  access_log ${dir}/access.log plain;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  client_max_body_size 0;
  gzip on;
  gzip_min_length 100;
  gzip_types text/plain application/json;
  ${options.http ?? ""}
  server {
    listen 127.0.0.1:${port};
    root ${dir}/www;
    ${options.server ?? ""}
  }
}
`;
}

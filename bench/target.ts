import type { BenchCertificates } from "./certificates.ts";
import { findProgram } from "../tests/support/have_program.ts";
import { freePort } from "../tests/support/free_port.ts";
import { tempDir } from "../tests/support/temp_dir.ts";
import { LOAD_CORES, startOnCores } from "./process.ts";

/** What all proxies of a run forward to: one nginx, seen as many targets. */
export interface BenchTarget extends AsyncDisposable {
  /** `127.0.x.y:PORT`, all of them answered by the same process. */
  readonly addresses: readonly string[];
}

const BODY = "x".repeat(100);

/**
 * Starts nginx on the load's core, listening on `count` addresses of the loopback network. `/64k` and `/1m` are files,
 * every other path answers 100 bytes. With certificates, it speaks TLS.
 */
export async function startTarget(count: number, certificates: BenchCertificates | null = null): Promise<BenchTarget> {
  const program = findProgram("nginx");
  if (program === null) throw new Error("nginx is not installed");
  const dir = await tempDir();
  await Deno.chmod(dir.path, 0o755);
  await Deno.writeTextFile(`${dir.path}/64k`, "x".repeat(65_536));
  await Deno.writeTextFile(`${dir.path}/1m`, "x".repeat(1_048_576));
  const port = freePort();
  const addresses = Array.from({ length: count }, (_, i) => `127.0.${(i + 1) >> 8}.${(i + 1) & 255}:${port}`);
  await Deno.writeTextFile(`${dir.path}/nginx.conf`, configuration(dir.path, addresses, certificates));
  const process = await startOnCores({
    program,
    args: ["-p", dir.path, "-c", `${dir.path}/nginx.conf`, "-e", "stderr"],
    cores: LOAD_CORES,
    port,
    authority: certificates?.authority,
  });
  return {
    addresses,
    async [Symbol.asyncDispose]() {
      await process[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

function configuration(dir: string, addresses: readonly string[], certificates: BenchCertificates | null): string {
  const tls = certificates === null ? "" : " ssl";
  return `
daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  default_type text/plain;
  sendfile on;
  server {
    ${addresses.map((address) => `listen ${address}${tls};`).join("\n    ")}
    ${
    certificates === null ? "" : `
    ssl_certificate ${certificates.certificateFile};
    ssl_certificate_key ${certificates.keyFile};
    ssl_protocols TLSv1.2 TLSv1.3;`
  }
    root ${dir};
    location = /64k { }
    location = /1m { }
    location / { return 200 "${BODY}"; }
  }
}
`;
}

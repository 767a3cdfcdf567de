import { findProgram } from "../../tests/support/have_program.ts";
import { freePort } from "../../tests/support/free_port.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import type { BenchCertificates } from "../certificates.ts";
import { type Contender, startContender } from "../contender.ts";
import { PROXY_CORES } from "../process.ts";

/** nginx with one worker, kept connections to its targets and an access log to nowhere. It resumes no TLS sessions. */
export const nginx = configured("nginx", {
  file: "nginx.conf",
  args: (dir) => ["-p", dir, "-c", `${dir}/nginx.conf`, "-e", "stderr"],
  text: ({ dir, port, targets, clientsTls, targetsTls }) => `
daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
events { worker_connections 8192; }
http {
  access_log /dev/null;
  keepalive_requests 1000000000;
  client_max_body_size 0;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  upstream targets {
    ${targets.map((target) => `server ${target};`).join("\n    ")}
    keepalive 512;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port}${clientsTls === null ? "" : " ssl http2"};
    ${
    clientsTls === null ? "" : `
    ssl_certificate ${clientsTls.certificateFile};
    ssl_certificate_key ${clientsTls.keyFile};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache off;
    ssl_session_tickets off;`
  }
    location / {
      proxy_pass ${targetsTls === null ? "http" : "https"}://targets;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      ${
    targetsTls === null ? "" : `
      proxy_ssl_verify on;
      proxy_ssl_trusted_certificate ${targetsTls.authorityFile};
      proxy_ssl_name localhost;
      proxy_ssl_protocols TLSv1.2 TLSv1.3;`
  }
    }
  }
}
`,
});

/** HAProxy with one thread, without its log (that would go to a syslog). */
export const haproxy = configured("haproxy", {
  file: "haproxy.cfg",
  args: (dir) => ["-f", `${dir}/haproxy.cfg`, "-db"],
  text: ({ dir, port, targets, clientsTls, targetsTls }) => `
global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  http-reuse always
listen bench
  bind 127.0.0.1:${port}${clientsTls === null ? "" : ` ssl crt ${dir}/${PAIR_FILE} alpn h2,http/1.1`}
  ${
    targets.map((target, i) => {
      const tls = targetsTls === null
        ? ""
        : ` ssl verify required verifyhost localhost ca-file ${targetsTls.authorityFile}`;
      return `server t${i} ${target}${tls}`;
    }).join("\n  ")
  }
`,
});

/** Caddy on one core, without its access log (off unless asked for). */
export const caddy = configured("caddy", {
  file: "Caddyfile",
  env: { GOMAXPROCS: "1" },
  args: (dir) => ["run", "--config", `${dir}/Caddyfile`, "--adapter", "caddyfile"],
  text: ({ port, targets, clientsTls, targetsTls }) => `
{
  admin off
  auto_https off
}
${clientsTls === null ? "http" : "https"}://:${port} {
  bind 127.0.0.1
  ${clientsTls === null ? "" : `tls ${clientsTls.certificateFile} ${clientsTls.keyFile}`}
  reverse_proxy ${targets.join(" ")} {
    lb_policy round_robin
    transport http {
      keepalive_idle_conns_per_host 512
      ${
    targetsTls === null ? "" : `
      tls_trusted_ca_certs ${targetsTls.authorityFile}
      tls_server_name localhost
      versions 1.1`
  }
    }
  }
}
`,
});

/** Certificate and key in one file, as HAProxy wants them. */
const PAIR_FILE = "pair.pem";

/** What a configuration says. */
interface Facts {
  readonly dir: string;
  readonly port: number;
  readonly targets: readonly string[];
  readonly clientsTls: BenchCertificates | null;
  readonly targetsTls: BenchCertificates | null;
}

interface Configuration {
  readonly file: string;
  readonly env?: Record<string, string>;
  args(dir: string): string[];
  text(facts: Facts): string;
}

function configured(name: string, configuration: Configuration): Contender {
  return {
    name,
    needs: [name],
    isCompiledAhead: true,
    async start({ targets, cores = PROXY_CORES, under, clientsTls = null, targetsTls = null }) {
      const dir = await tempDir();
      const port = freePort();
      await Deno.chmod(dir.path, 0o755);
      if (clientsTls !== null) {
        const parts = [clientsTls.certificateFile, clientsTls.keyFile].map((file) => Deno.readTextFile(file));
        await Deno.writeTextFile(`${dir.path}/${PAIR_FILE}`, (await Promise.all(parts)).join(""));
      }
      const text = configuration.text({ dir: dir.path, port, targets, clientsTls, targetsTls });
      await Deno.writeTextFile(`${dir.path}/${configuration.file}`, text);
      return await startContender({
        program: findProgram(name)!,
        args: configuration.args(dir.path),
        env: { PATH: Deno.env.get("PATH") ?? "", HOME: dir.path, ...configuration.env },
        cwd: dir.path,
        cores,
        under,
        port,
        authority: clientsTls?.authority,
      }, dir);
    },
  };
}

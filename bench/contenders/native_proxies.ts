import { findProgram } from "../../tests/support/have_program.ts";
import { freePort } from "../../tests/support/free_port.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { type Contender, startContender } from "../contender.ts";
import { PROXY_CORES } from "../process.ts";

/** nginx with one worker, kept connections to its targets and an access log to nowhere. */
export const nginx = configured("nginx", {
  file: "nginx.conf",
  args: (dir) => ["-p", dir, "-c", `${dir}/nginx.conf`, "-e", "stderr"],
  text: (dir, port, targets) => `
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
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://targets;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`,
});

/** HAProxy with one thread, without its log (that would go to a syslog). */
export const haproxy = configured("haproxy", {
  file: "haproxy.cfg",
  args: (dir) => ["-f", `${dir}/haproxy.cfg`, "-db"],
  text: (_dir, port, targets) => `
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
  bind 127.0.0.1:${port}
  ${targets.map((target, i) => `server t${i} ${target}`).join("\n  ")}
`,
});

/** Caddy on one core, without its access log (off unless asked for). */
export const caddy = configured("caddy", {
  file: "Caddyfile",
  env: { GOMAXPROCS: "1" },
  args: (dir) => ["run", "--config", `${dir}/Caddyfile`, "--adapter", "caddyfile"],
  text: (_dir, port, targets) => `
{
  admin off
  auto_https off
}
http://:${port} {
  bind 127.0.0.1
  reverse_proxy ${targets.join(" ")} {
    lb_policy round_robin
    transport http {
      keepalive_idle_conns_per_host 512
    }
  }
}
`,
});

interface Configuration {
  readonly file: string;
  readonly env?: Record<string, string>;
  args(dir: string): string[];
  text(dir: string, port: number, targets: readonly string[]): string;
}

function configured(name: string, configuration: Configuration): Contender {
  return {
    name,
    needs: [name],
    isCompiledAhead: true,
    async start({ targets, cores = PROXY_CORES, under }) {
      const dir = await tempDir();
      const port = freePort();
      await Deno.chmod(dir.path, 0o755);
      await Deno.writeTextFile(`${dir.path}/${configuration.file}`, configuration.text(dir.path, port, targets));
      return await startContender({
        program: findProgram(name)!,
        args: configuration.args(dir.path),
        env: { PATH: Deno.env.get("PATH") ?? "", HOME: dir.path, ...configuration.env },
        cwd: dir.path,
        cores,
        under,
        port,
      }, dir);
    },
  };
}

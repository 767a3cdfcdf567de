import { NGINX_SAMPLES } from "./nginx_samples.ts";
import { sideBySide } from "./side_by_side.ts";

sideBySide({
  kind: "nginx",
  program: "nginx",
  file: "nginx.conf",
  args: (file, folder) => ["-p", folder, "-c", file, "-e", "stderr", "-g", `daemon off; pid ${folder}/nginx.pid;`],
  whole: (config, folder) => {
    const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((each) =>
      `${each}_temp_path ${folder}/${each};`
    );
    const inside = `access_log off; ${temp.join(" ")}`;
    if (/^http \{/m.test(config)) return config.replace(/^http \{/m, `http { ${inside}`);
    return `events { worker_connections 64; }\nhttp {\n${inside}\n${config}\n}\n`;
  },
}, NGINX_SAMPLES);

import { fileURLToPath } from "node:url";
import { freePort } from "../../tests/support/free_port.ts";
import { type Contender, startContender } from "../contender.ts";
import { PROXY_CORES } from "../process.ts";

/** A bare `Deno.serve(r => fetch(...))` that forwards method, path, headers and body. */
export const bareFetch = denoServer("bare fetch", "bare_fetch.ts");

/** The same server once more: how far its ratio is from 1 tells how much the other ratios can mean. */
export const bareFetchAgain = denoServer("bare fetch again", "bare_fetch.ts");

/** `Deno.serve(() => fetch(target))`, which forwards the path alone. */
export const barestFetch = denoServer("barest fetch", "barest_fetch.ts");

/** The smallest proxy that passes on bytes over the platform's sockets. */
export const byteProxy = denoServer("byte proxy", "byte_proxy.ts");

function denoServer(name: string, file: string): Contender {
  return {
    name,
    needs: [],
    async start({ targets, cores = PROXY_CORES, under, clientsTls = null, targetsTls = null }) {
      const port = freePort();
      return await startContender({
        program: Deno.execPath(),
        args: [
          "run",
          "--no-check",
          "--allow-net",
          "--allow-read",
          "--allow-env",
          serverFile(file),
          `${port}`,
          ...targets,
        ],
        env: {
          ...Deno.env.toObject(),
          ...clientsTls === null ? {} : { CERTIFICATE: clientsTls.certificateFile, KEY: clientsTls.keyFile },
          ...targetsTls === null ? {} : { AUTHORITY: targetsTls.authorityFile },
        },
        cores,
        under,
        port,
        authority: clientsTls?.authority,
      });
    },
  };
}

function serverFile(file: string): string {
  return fileURLToPath(new URL(`../servers/${file}`, import.meta.url));
}

/** `deno task release`: makes a program for each architecture, and their checksums. Needs the network for Deno's runtimes. */
import { createHash } from "node:crypto";
import { makeProgram } from "./program.ts";

/** Architectures that are shipped. Both want glibc, as Debian and distroless `cc` have it. */
export const TARGETS: readonly string[] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

/** Names the program of an architecture. */
export function programName(target: string): string {
  return `sluice-${target}`;
}

/** Writes the checksums of files in `folder`, in the form that `sha256sum --check` reads. */
export async function writeChecksums(folder: string, names: readonly string[]): Promise<void> {
  let text = "";
  for (const name of names) text += `${await sha256(`${folder}/${name}`)}  ${name}\n`;
  await Deno.writeTextFile(`${folder}/SHA256SUMS`, text);
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}

if (import.meta.main) {
  for (const target of TARGETS) {
    if (!await makeProgram(`dist/${programName(target)}`, { target })) {
      console.error(`Cannot make the program for "${target}"`);
      Deno.exit(1);
    }
  }
  await writeChecksums("dist", TARGETS.map(programName));
  console.log(await Deno.readTextFile("dist/SHA256SUMS"));
}

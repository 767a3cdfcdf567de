/**
 * `deno task release`: makes a program for each architecture, and their checksums. Needs the network for Deno's
 * runtimes.
 */
import { createHash } from "node:crypto";
import { makeProgram } from "./program.ts";

/** ELF's numbers of the architectures that are shipped. Both want glibc, as Debian and distroless `cc` have it. */
const MACHINES: Readonly<Record<string, number>> = {
  "x86_64-unknown-linux-gnu": 62,
  "aarch64-unknown-linux-gnu": 183,
};

/** Architectures that are shipped. */
export const TARGETS: readonly string[] = Object.keys(MACHINES);

/** Tells whether a file is a program of an architecture: with DENORT_BIN set, Deno takes that runtime for any. */
export async function isProgramFor(target: string, path: string): Promise<boolean> {
  using file = await Deno.open(path);
  const head = new Uint8Array(20);
  const read = await file.read(head);
  // e_ident begins with 0x7f "ELF"; e_machine are the two bytes at 18, little-endian on both architectures.
  const isElf = read === 20 && head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
  return isElf && head[18]! + 256 * head[19]! === MACHINES[target];
}

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
    const path = `dist/${programName(target)}`;
    if (!await makeProgram(path, { target }) || !await isProgramFor(target, path)) {
      console.error(`Cannot make the program for "${target}"`);
      Deno.exit(1);
    }
  }
  await writeChecksums("dist", TARGETS.map(programName));
  console.log(await Deno.readTextFile("dist/SHA256SUMS"));
}

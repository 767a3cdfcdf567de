import { testWithPrograms } from "./have_program.ts";

/** A file system of its own in memory, mounted at a folder. Only root may make one. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** Leaves no byte free. Returns what frees it again. */
  fill(): Promise<() => Promise<void>>;
}

const canMount = await smallDisk().then(async (disk) => {
  await disk?.[Symbol.asyncDispose]();
  return disk !== null;
});

/** Declares a test that needs a file system of its own. It is skipped if this process may not make one. */
export function testOnSmallDisk(programs: readonly string[], title: string, run: () => Promise<void>): void {
  // Only who may mount can fill a disk without filling everybody's.
  testWithPrograms(programs, title, run, { skippedFor: canMount ? null : "this user may not mount" });
}

/** Makes a file system of 512 KB; null if this process may not. */
export async function smallDisk(): Promise<SmallDisk | null> {
  const path = await Deno.makeTempDir({ prefix: "sluice-disk-" });
  if (!await run("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", path])) {
    await Deno.remove(path);
    return null;
  }
  return {
    path,
    async fill() {
      const filler = `${path}/filler`;
      await fillUp(filler);
      return () => Deno.remove(filler);
    },
    async [Symbol.asyncDispose]() {
      // Whoever was just killed may still hold a file for a moment: it leaves then.
      if (!await run("umount", ["--lazy", path])) throw new Error(`${path} stays mounted`);
      await Deno.remove(path);
    },
  };
}

async function fillUp(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const piece = new Uint8Array(4096);
  try {
    while (true) await file.write(piece);
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOSPC") throw error;
  }
}

async function run(program: string, args: readonly string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: [...args], stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

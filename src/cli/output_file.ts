import { quote } from "../logging/shown_text.ts";
import { messageOf } from "../logging/message_of.ts";

/** A place for a result, opened before the work begins so that errors show early. */
export interface OutputFile {
  write(text: string): Promise<void>;
  close(): void;
}

/**
 * Opens a file for a result, or stdout for `-`. The shipped program has no permission to write and never asks for one:
 * the answer is then a problem that names the way around.
 */
export async function openOutput(path: string, flag: string): Promise<OutputFile | { readonly problem: string }> {
  if (path === "-") return { write: (text) => writeAll(Deno.stdout, text), close: () => {} };
  if (!await mayWrite(path)) {
    return {
      problem: `Cannot write ${quote(path)} (${flag}): this program has no permission to write files; ` +
        `use ${flag} - and send its output there: ${flag} - > ${path}`,
    };
  }
  try {
    // Not emptied before there is something to put in.
    const file = await Deno.open(path, { write: true, create: true });
    return {
      async write(text) {
        await file.truncate(0);
        await writeAll(file, text);
      },
      close: () => file.close(),
    };
  } catch (error) {
    return {
      problem: `Cannot write ${quote(path)} (${flag}): ${messageOf(error)}`,
    };
  }
}

async function mayWrite(path: string): Promise<boolean> {
  return (await Deno.permissions.query({ name: "write", path })).state === "granted";
}

async function writeAll(to: { write(bytes: Uint8Array): Promise<number> }, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let sent = 0; sent < bytes.length;) sent += await to.write(bytes.subarray(sent));
}

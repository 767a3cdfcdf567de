import { shown, shownLines } from "../logging/shown_text.ts";

/** Where text goes. */
export type TextStream = "stdout" | "stderr";

/** Prints text, which may have lines of its own: nothing in it drives the terminal. */
export function print(text: string, stream: TextStream = "stdout"): void {
  const safe = shownLines(text.trimEnd());
  if (stream === "stdout") console.log(safe);
  else console.error(safe);
}

/** Tells the user on stderr what is wrong, in one line whatever it quotes. */
export function complain(line: string): void {
  console.error(shown(line));
}

const encoder = new TextEncoder();

/** Writes what drives the terminal on purpose. Text from anywhere else in it must have gone through `shown`. */
export function draw(text: string, stream: { writeSync(bytes: Uint8Array): number } = Deno.stdout): void {
  const bytes = encoder.encode(text);
  for (let sent = 0; sent < bytes.length;) sent += stream.writeSync(bytes.subarray(sent));
}

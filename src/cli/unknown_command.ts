import { quote } from "../logging/shown_text.ts";
import { closest } from "../config/values/closest.ts";

/** Most edits between a word and the command that it may have meant. */
const MOST_EDITS = 2;

/**
 * Says that a word is no command, and which one was likely meant; null if it is a command or a flag. Without this the
 * default command would take the word and complain of something else.
 */
export function unknownCommand(word: string | undefined, commands: readonly string[]): string | null {
  if (word === undefined || word.startsWith("-") || commands.includes(word)) return null;
  const meant = closest(word.toLowerCase(), commands, MOST_EDITS);
  const hint = meant === null ? `the commands are ${commands.join(", ")}` : `did you mean \`${meant}\`?`;
  return `There is no command ${quote(word)}; ${hint}`;
}

import { messageOf } from "./message_of.ts";

/** Says in a few words why a file can't be read. */
export function whyUnreadable(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "its permissions do not let sluice read it";
  if (error instanceof Deno.errors.IsADirectory) return "it is a directory";
  return messageOf(error);
}

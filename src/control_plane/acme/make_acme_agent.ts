import { chainOf } from "../../certificates/certificate_pair.ts";
import type { AcmeConfig } from "../../config/acme.ts";
import { AcmeAgent, type AcmeAgentParts } from "./acme_agent.ts";
import { AcmeStorage } from "./acme_storage.ts";
import { makeSend } from "./send.ts";
import { messageOf } from "../../logging/message_of.ts";

/** Makes an agent and reads what its storage has; or says in one line what is wrong with the files that it needs. */
export async function makeAcmeAgent(
  config: AcmeConfig,
  { clock, log, random }: Pick<AcmeAgentParts, "clock" | "log" | "random">,
): Promise<AcmeAgent | string> {
  const { authorityFile, storage } = config;
  let authority: string | null = null;
  try {
    if (authorityFile !== null) authority = await Deno.readTextFile(authorityFile);
  } catch (error) {
    return `ACME_CA: Cannot read "${authorityFile}": ${messageOf(error)}`;
  }
  try {
    // A text without certificates would leave every directory untrusted, without a word.
    if (authority !== null) chainOf(authority);
  } catch (error) {
    return `ACME_CA: Cannot use "${authorityFile}": ${messageOf(error)}`;
  }
  const send = makeSend(clock, authority);
  const agent = new AcmeAgent({ config, storage: new AcmeStorage(storage), clock, log, send, random });
  try {
    await agent.prepare();
    return agent;
  } catch (error) {
    return `ACME_STORAGE: Cannot use "${storage}": ${whyUnusable(error, storage)}`;
  }
}

function whyUnusable(error: unknown, folder: string): string {
  if (error instanceof Deno.errors.NotCapable) {
    return `this program may not write there; use the default folder, or run it by deno with --allow-write=${folder}`;
  }
  return messageOf(error);
}

import { BadPair, chainOf, readPair } from "../../certificates/certificate_pair.ts";
import type { TargetTls } from "../../certificates/target_tls.ts";
import type { TargetGroupConfig } from "../../config/model.ts";
import { whyUnreadable } from "../../logging/why_unreadable.ts";

type Read = (path: string) => Promise<string>;
type GroupTexts = Omit<TargetTls, "serverName" | "id"> & { readonly serverName: string | null; readonly id: string };

/** How sluice speaks TLS to each target, with the texts of the files that the groups name. */
export class TargetTlsTexts {
  readonly #groups: ReadonlyMap<string, GroupTexts>;
  readonly #made = new Map<string, TargetTls>();

  private constructor(groups: ReadonlyMap<string, GroupTexts>) {
    this.#groups = groups;
  }

  /** For commands that do not read the files of a configuration, such as `explain`. */
  static readonly NONE = new TargetTlsTexts(new Map());

  /** Reads the files of all groups. Returns also their problems, one line each. @param read As `Deno.readTextFile`. */
  static async read(
    groups: readonly TargetGroupConfig[],
    read: Read,
  ): Promise<{ readonly texts: TargetTlsTexts; readonly problems: readonly string[] }> {
    const [found, problems] = [new Map<string, GroupTexts>(), [] as string[]];
    for (const group of groups) {
      if (group.entries.every(({ scheme }) => scheme === "http")) continue;
      const texts = await readGroup(group, read);
      if (Array.isArray(texts)) problems.push(...texts);
      else found.set(group.name, texts);
    }
    return { texts: new TargetTlsTexts(found), problems };
  }

  /** Returns how to speak TLS to a target of a group: the same object for the same group and host. */
  of(group: string, host: string): TargetTls {
    const key = `${group}\n${host}`;
    let made = this.#made.get(key);
    if (made === undefined) {
      const { serverName, ...texts } = this.#groups.get(group) ?? PLAIN;
      const name = serverName ?? host;
      this.#made.set(key, made = { ...texts, serverName: name, id: `${name} ${texts.id}` });
    }
    return made;
  }
}

const PLAIN: GroupTexts = { serverName: null, authorities: [], checksName: true, client: null, id: "" };

async function readGroup({ number, tls }: TargetGroupConfig, read: Read): Promise<GroupTexts | string[]> {
  const problems: string[] = [];
  const variable = (name: string) => `TARGET_GROUP_${number}_TLS_${name}`;
  const text = async (name: string, path: string) => {
    try {
      return await read(path);
    } catch (error) {
      problems.push(`${variable(name)}: Cannot read "${path}": ${whyUnreadable(error)}`);
      return null;
    }
  };
  const cannotUse = (name: string, path: string, error: unknown) => {
    problems.push(`${variable(name)}: Cannot use "${path}": ${error instanceof BadPair ? error.message : error}`);
  };
  const { authorityFile, client, serverName, verify } = tls;
  const authority = authorityFile === null ? null : await text("CA", authorityFile);
  // A text without certificates would leave every target untrusted, without a word.
  try {
    if (authority !== null) chainOf(authority);
  } catch (error) {
    cannotUse("CA", authorityFile!, error);
  }
  const certificate = client === null ? null : await text("CLIENT_CERT", client.certificateFile);
  const key = client === null ? null : await text("CLIENT_KEY", client.keyFile);
  const pair = certificate === null || key === null ? null : { certificate, key };
  try {
    if (pair !== null) readPair(pair.certificate, pair.key);
  } catch (error) {
    if (error instanceof BadPair && error.of === "key") cannotUse("CLIENT_KEY", client!.keyFile, error);
    else cannotUse("CLIENT_CERT", client!.certificateFile, error);
  }
  if (problems.length > 0) return problems;
  const authorities = authority === null ? [] : [authority];
  const id = authorities.length === 0 && pair === null && verify === "full"
    ? ""
    : await hashOf([verify, authority, certificate]);
  return { serverName, authorities, checksName: verify === "full", client: pair, id };
}

/** Short, and the same for the same texts. */
async function hashOf(texts: readonly (string | null)[]): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(texts));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 16);
}

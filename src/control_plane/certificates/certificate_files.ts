import { BadPair, type CertificatePair, readPair } from "../../certificates/certificate_pair.ts";
import type { CertificateFiles } from "../../config/tls.ts";
import { whyUnreadable } from "../../logging/why_unreadable.ts";
import { messageOf } from "../../logging/message_of.ts";

/** What is wrong with a file, and the variable that names it. */
export interface FileFault {
  readonly variable: string;
  readonly text: string;
}

/** A pair of files that was read, or what is wrong with one or both of them. */
export type ReadFiles =
  | { readonly pair: CertificatePair; readonly faults: readonly [] }
  | { readonly pair: null; readonly faults: readonly FileFault[] };

/** Reads a certificate and its key from their files. Never rejects. @param read As `Deno.readTextFile`. */
export async function readFiles(files: CertificateFiles, read: (path: string) => Promise<string>): Promise<ReadFiles> {
  const faults: FileFault[] = [];
  const textOf = async (variable: string, path: string) => {
    try {
      return await read(path);
    } catch (error) {
      faults.push({ variable, text: `Cannot read "${path}": ${whyUnreadable(error)}` });
      return "";
    }
  };
  const certificate = await textOf(files.variable, files.certificate);
  const key = await textOf(files.keyVariable, files.key);
  if (faults.length > 0) return { pair: null, faults };
  try {
    return { pair: readPair(certificate, key), faults: [] };
  } catch (error) {
    const ofKey = error instanceof BadPair && error.of === "key";
    const [variable, path] = ofKey ? [files.keyVariable, files.key] : [files.variable, files.certificate];
    const text = `Cannot use "${path}": ${messageOf(error)}`;
    return { pair: null, faults: [{ variable, text }] };
  }
}

import { BadPair, type CertificatePair, readPair } from "../../certificates/certificate_pair.ts";
import type { CertificateFiles } from "../../config/tls.ts";

/** A pair of files that was read, or why it can't be served. */
export type ReadFiles =
  | { readonly files: CertificateFiles; readonly pair: CertificatePair; readonly error: null }
  | { readonly files: CertificateFiles; readonly pair: null; readonly error: string };

/** Reads a certificate and its key from their files. Never rejects. @param read As `Deno.readTextFile`. */
export async function readFiles(files: CertificateFiles, read: (path: string) => Promise<string>): Promise<ReadFiles> {
  const texts: string[] = [];
  for (const path of [files.certificate, files.key]) {
    try {
      texts.push(await read(path));
    } catch (error) {
      return { files, pair: null, error: `Cannot read "${path}": ${whyUnreadable(error)}` };
    }
  }
  try {
    return { files, pair: readPair(texts[0]!, texts[1]!), error: null };
  } catch (error) {
    const path = error instanceof BadPair && error.of === "key" ? files.key : files.certificate;
    return { files, pair: null, error: `Cannot use "${path}": ${error instanceof Error ? error.message : error}` };
  }
}

function whyUnreadable(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "its permissions do not let sluice read it";
  return error instanceof Error ? error.message : String(error);
}

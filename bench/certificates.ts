import { TestAuthority } from "../tests/support/certificates.ts";

/** Files (PEM) for all that speak TLS in a run: proxies and targets have the same certificate, ECDSA on P-256. */
export interface BenchCertificates extends AsyncDisposable {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** The authority that signed it. */
  readonly authorityFile: string;
  /** What that file holds. */
  readonly authority: string;
}

/** Makes a certificate for `localhost` and so many targets' addresses (`127.0.0.1` and on). */
export async function makeCertificates(targets: number): Promise<BenchCertificates> {
  const authority = await TestAuthority.make();
  const addresses = Array.from({ length: targets }, (_, i) => `127.0.0.${i + 1}`);
  const { certificateFile, keyFile } = await authority.issue({ names: ["localhost", ...addresses] });
  return {
    certificateFile,
    keyFile,
    authorityFile: authority.rootFile,
    authority: await authority.root(),
    [Symbol.asyncDispose]: () => authority[Symbol.asyncDispose](),
  };
}

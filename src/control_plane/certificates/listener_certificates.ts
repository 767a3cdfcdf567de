import type { CertificatePair } from "../../certificates/certificate_pair.ts";
import type { CertificateFiles } from "../../config/tls.ts";
import type { CertificateOrderView, CertificateView } from "../../views/certificate_view.ts";
import type { AcmeAgent } from "../acme/acme_agent.ts";
import type { CertificateStore } from "./certificate_store.ts";

/** All certificates that the listener serves: those from files first, then those from ACME. */
export class ListenerCertificates {
  readonly #files: CertificateStore;
  readonly #acme: AcmeAgent | null;

  /** @param acme Null without ACME_ENABLE. */
  constructor(files: CertificateStore, acme: AcmeAgent | null) {
    this.#files = files;
    this.#acme = acme;
  }

  /** The certificates to serve, the first of them for names that none is for. None until ACME has brought the first. */
  get pairs(): CertificatePair[] {
    return [...this.#files.pairs, ...this.#acme?.pairs ?? []];
  }

  /** What an operator sees of each. */
  views(): CertificateView[] {
    return [...this.#files.views(), ...this.#acme?.certificateViews() ?? []];
  }

  /** What became of each name that ACME is to bring a certificate for. */
  orders(): CertificateOrderView[] {
    return this.#acme?.views() ?? [];
  }

  /** Begins to watch files and to order. @param onChange Called when the certificates to serve changed. */
  watch(onChange: () => void): void {
    this.#files.watch(onChange);
    this.#acme?.run(onChange);
  }

  /** Takes another list of files. */
  reload(files: readonly CertificateFiles[]): Promise<void> {
    return this.#files.reload(files);
  }

  /** What is answered to an ACME challenge; null if it is not one of ours. */
  challenge(token: string): Promise<string | null> {
    return this.#acme?.challenge(token) ?? Promise.resolve(null);
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#files.stop();
    await this.#acme?.stop();
  }
}

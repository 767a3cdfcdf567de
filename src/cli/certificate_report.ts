import { problemOf } from "../config/config_error.ts";
import type { ParseResult } from "../config/parse_config.ts";
import { readFiles } from "../control_plane/certificates/certificate_files.ts";
import { SOON_MS } from "../control_plane/certificates/certificate_store.ts";
import type { Clock } from "../time/clock.ts";
import type { CertificateView } from "../views/certificate_view.ts";
import type { TargetTlsTexts } from "../control_plane/certificates/target_tls_texts.ts";
import { readTargetTls } from "./read_certificates.ts";
import { shown } from "../logging/shown_text.ts";

/** What reading files found. */
export interface CheckedFiles {
  readonly result: ParseResult;
  /** What LISTENER_TLS_PORT would serve. */
  readonly certificates: readonly CertificateView[];
  /** How sluice would speak TLS to `https://` targets. */
  readonly targetTls: TargetTlsTexts;
}

/**
 * Reads the certificates that a configuration names, as a start would; their problems and warnings join the result's.
 */
export async function withCertificates(
  result: ParseResult,
  clock: Clock,
): Promise<CheckedFiles> {
  const [problems, warnings] = [[...result.problems], [...result.warnings]];
  const certificates: CertificateView[] = [];
  for (const files of result.config?.listener.tls?.certificates ?? []) {
    const { pair, faults } = await readFiles(files, (path) => Deno.readTextFile(path));
    if (pair === null) {
      problems.push(...faults.map(({ variable, text }) => problemOf(variable, text)));
      continue;
    }
    const { names, issuer, notBeforeMs, notAfterMs } = pair;
    certificates.push({ names, source: files.certificate, issuer, notBeforeMs, notAfterMs, refused: null });
    const leftMs = notAfterMs - clock.wallMs();
    const until = new Date(notAfterMs).toISOString();
    if (leftMs <= 0) warnings.push(problemOf(files.variable, `The certificate expired on ${until}`));
    else if (leftMs <= SOON_MS) warnings.push(problemOf(files.variable, `The certificate expires on ${until}`));
  }
  const { texts, problems: ofTargets } = await readTargetTls(result.config ?? { groups: [] });
  for (const problem of ofTargets) {
    const [variable = "", ...words] = problem.split(": ");
    problems.push(problemOf(variable, words.join(": ")));
  }
  const config = problems.length === 0 ? result.config : null;
  return { result: { ...result, config, problems, warnings }, certificates, targetTls: texts };
}

/** Says which certificates would be served, a line for each. */
export function certificateText(certificates: readonly CertificateView[]): string {
  const lines = certificates.map(({ names, source, issuer, notAfterMs }) => {
    const until = new Date(notAfterMs).toISOString().slice(0, 10);
    return `  ${shown(names.join(", "))}: until ${until}, from ${shown(source)} (issued by ${shown(issuer)})`;
  });
  const title = lines.length === 1 ? "Certificate" : "Certificates, the first also for names that none of them has";
  return `${title}:\n${lines.join("\n")}`;
}

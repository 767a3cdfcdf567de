import { quote } from "../../logging/shown_text.ts";
import { type Problem, problemOf } from "../config_error.ts";
import type { ListenerConfig } from "../model.ts";
import type { At, SettingsReader } from "../settings_reader.ts";
import type { CertificateFiles, TlsConfig } from "../tls.ts";
import { duration } from "../values/duration.ts";
import { anyText, BOOLEAN, LISTEN_PORT, PORT } from "../values/value_kind.ts";
import type { Scene, Topic } from "./topic.ts";
import { define } from "./variable.ts";

const NEEDED = {
  LISTENER_TLS_PORT: "8443",
  LISTENER_TLS_CERT: "/etc/sluice/tls.crt",
  LISTENER_TLS_KEY: "/etc/sluice/tls.key",
};

/** TLS on the listener. */
const TLS = {
  port: define("LISTENER_TLS_PORT", {
    kind: LISTEN_PORT,
    meaning:
      "Port for HTTPS, beside `LISTENER_PORT` or, if that is `off`, instead of it; 0 takes a free port and logs it. " +
      "Needs a certificate.",
    example: "443",
    exampleNeeds: NEEDED,
    restart: true,
  }),
  certificate: define("LISTENER_TLS_CERT", {
    kind: anyText("path"),
    meaning:
      "File with the certificate, then its intermediate certificates, PEM. sluice reads it again at SIGHUP and once " +
      "a minute.",
    example: "/etc/sluice/example.org.crt",
    exampleNeeds: NEEDED,
  }),
  key: define("LISTENER_TLS_KEY", {
    kind: anyText("path"),
    meaning:
      "File with the private key of `LISTENER_TLS_CERT`, PEM, not encrypted: ECDSA on P-256 or P-384, Ed25519, or RSA.",
    example: "/etc/sluice/example.org.key",
    exampleNeeds: NEEDED,
  }),
  moreCertificates: define("LISTENER_TLS_CERT_<N>", {
    kind: anyText("path"),
    meaning:
      "One more certificate. Clients get the one that has the name they ask for, an exact name before a wildcard. " +
      "All others get `LISTENER_TLS_CERT` or, if that is unset, the one with the lowest N. More than one needs " +
      "`LISTENER_ENGINE=wire`.",
    example: "/etc/sluice/example.com.crt",
    exampleNeeds: { ...NEEDED, LISTENER_TLS_KEY_1: "/etc/sluice/example.com.key" },
  }),
  moreKeys: define("LISTENER_TLS_KEY_<N>", {
    kind: anyText("path"),
    meaning: "The private key of `LISTENER_TLS_CERT_<N>`.",
    example: "/etc/sluice/example.com.key",
    exampleNeeds: { ...NEEDED, LISTENER_TLS_CERT_1: "/etc/sluice/example.com.crt" },
  }),
  http2: define("LISTENER_HTTP2", {
    kind: BOOLEAN,
    default: "true",
    meaning: "Offer HTTP/2 on `LISTENER_TLS_PORT`, beside HTTP/1.1.",
    example: "false",
    exampleNeeds: NEEDED,
    restart: true,
  }),
  handshakeTimeoutMs: define("LISTENER_TLS_HANDSHAKE_TIMEOUT", {
    kind: duration(0),
    default: "10000",
    meaning: "Time for a client's TLS handshake; 0: no limit. Not with `LISTENER_ENGINE=serve`. " +
      "[tls.md](tls.md#handshakes-that-never-end) says what becomes of those that take longer.",
    example: "5s",
  }),
  redirects: define("LISTENER_HTTPS_REDIRECT", {
    kind: BOOLEAN,
    default: "false",
    meaning: "`LISTENER_PORT` answers every request with 308 and the same URL with `https`.",
    example: "true",
    exampleNeeds: NEEDED,
  }),
  redirectPort: define("LISTENER_HTTPS_REDIRECT_PORT", {
    kind: PORT,
    meaning: "Port in the URLs of `LISTENER_HTTPS_REDIRECT`, if clients reach sluice at another one than " +
      "`LISTENER_TLS_PORT`. " +
      "443 is left out.",
    example: "443",
    exampleNeeds: { ...NEEDED, LISTENER_HTTPS_REDIRECT: "true" },
  }),
};

/** What else of the listener matters to TLS. */
type Beside = Pick<ListenerConfig, "port" | "front"> & { readonly acmeEnabled: boolean };

/** Parses TLS on the listener; null without a port for it. @param numbers Those of LISTENER_TLS_CERT_<N>. */
export function parseTls(reader: SettingsReader, numbers: readonly number[], beside: Beside): TlsConfig | null {
  const { port, http2, handshakeTimeoutMs, redirects, redirectPort } = reader.readAll({
    port: TLS.port,
    http2: TLS.http2,
    handshakeTimeoutMs: TLS.handshakeTimeoutMs,
    redirects: TLS.redirects,
    redirectPort: TLS.redirectPort,
  });
  const certificates = [
    parsePair(reader, { certificate: TLS.certificate, key: TLS.key }, {}),
    ...numbers.map((number) => parsePair(reader, { certificate: TLS.moreCertificates, key: TLS.moreKeys }, { number })),
  ].filter((pair) => pair !== null);
  const about = (text: string) => reader.report(problemOf(TLS.port.name, text));
  if (port === null) {
    if (beside.port === null) {
      reader.report(problemOf("LISTENER_PORT", "Cannot be off without LISTENER_TLS_PORT: nothing would be served"));
    }
    if (redirects) about("Must be set for LISTENER_HTTPS_REDIRECT");
    return null;
  }
  if (port !== 0 && port === beside.port) about(`Cannot be "${port}": LISTENER_PORT has that port`);
  if (beside.front.engine === "serve") checkServe(reader, { certificates, http2, acmeEnabled: beside.acmeEnabled });
  if (beside.front.proxyProtocol) {
    about("Cannot be used with LISTENER_PROXY_PROTOCOL: the platform begins TLS with a connection's first byte");
  }
  if (certificates.length === 0 && !beside.acmeEnabled) {
    reader.reportMissing(
      "LISTENER_TLS_CERT",
      "Must be set for LISTENER_TLS_PORT, unless ACME_ENABLE brings certificates",
    );
  }
  return { port, certificates, http2, handshakeTimeoutMs, redirects, redirectPort };
}

/** `Deno.serve` takes one certificate, and always offers HTTP/2. */
function checkServe(
  reader: SettingsReader,
  { certificates: [first, second], http2, acmeEnabled }: Pick<TlsConfig, "certificates" | "http2"> & {
    readonly acmeEnabled: boolean;
  },
): void {
  const needs = "needs LISTENER_ENGINE=wire: Deno.serve takes one";
  if (second !== undefined) reader.report(problemOf(second.variable, `A second certificate ${needs}`));
  else if (first !== undefined && acmeEnabled) {
    reader.report(problemOf(first.variable, `A certificate beside those of ACME_ENABLE ${needs}`));
  }
  if (!http2) {
    reader.report(problemOf(TLS.http2.name, "false needs LISTENER_ENGINE=wire: Deno.serve always offers HTTP/2"));
  }
}

function parsePair(
  reader: SettingsReader,
  { certificate, key }: Pick<typeof TLS, "certificate" | "key">,
  at: At,
): CertificateFiles | null {
  const paths = reader.readAll({ certificate, key }, at);
  const [certificateName, keyName] = [certificate, key].map((variable) => reader.shownAs(variable, at));
  if (paths.certificate === null && paths.key === null) return null;
  if (paths.certificate === null) reader.reportMissing(certificateName!, `Must be set, since ${keyName} is`);
  if (paths.key === null) reader.reportMissing(keyName!, `Must be set, since ${certificateName} is`);
  if (paths.certificate === null || paths.key === null) return null;
  return {
    variable: certificateName!,
    keyVariable: keyName!,
    certificate: paths.certificate,
    key: paths.key,
  };
}

function adviceOnTls({ config, reader }: Scene): Problem[] {
  const { tls, port } = config.listener;
  if (tls !== null) {
    const advice: Problem[] = [];
    if (port === null && tls.redirects) {
      advice.push(problemOf(TLS.redirects.name, "Has no effect with LISTENER_PORT=off: no client comes without TLS"));
    }
    const timeout = reader.find(TLS.handshakeTimeoutMs);
    if (timeout !== null && config.listener.front.engine === "serve") {
      advice.push(
        problemOf(timeout.label, "Has no effect with LISTENER_ENGINE=serve: Deno.serve makes its handshakes"),
      );
    }
    return advice;
  }
  return [TLS.certificate, TLS.key].map((variable) => reader.find(variable)).filter((found) => found !== null)
    .map(({ label, text }) => problemOf(label, `${quote(text)} has no effect without LISTENER_TLS_PORT`));
}

export const TLS_TOPIC: Topic = { name: "tls", variables: TLS, adviceOn: adviceOnTls };

import { type Problem, problemOf } from "../config_error.ts";
import type { At, SettingsReader } from "../settings_reader.ts";
import type { TargetTlsConfig } from "../target_tls.ts";
import { HOST } from "../values/address_values.ts";
import { anyText, oneOf } from "../values/value_kind.ts";
import type { Scene, Topic } from "./topic.ts";
import { define } from "./variable.ts";

/** TLS to a group's targets. */
const TARGET_TLS = {
  authorityFile: define("TARGET_GROUP_<N>_TLS_CA", {
    kind: anyText("path"),
    meaning:
      "File with root certificates, PEM, that sluice trusts for `https://` targets, beside the platform's own. " +
      "sluice reads it at the start and at SIGHUP.",
    example: "/etc/sluice/targets-root.pem",
  }),
  serverName: define("TARGET_GROUP_<N>_TLS_SERVER_NAME", {
    kind: HOST,
    meaning:
      "Name that sluice asks `https://` targets for, and that their certificates must have. Default: the host in " +
      "`_TARGETS`.",
    example: "internal.example.com",
  }),
  verify: define("TARGET_GROUP_<N>_TLS_VERIFY", {
    kind: oneOf<TargetTlsConfig["verify"]>(["full", "chain"]),
    default: "full",
    meaning:
      "What sluice checks of a target's certificate. `full`: chain, dates and name. `chain`: all but the name. The " +
      "platform can't check less.",
    example: "chain",
  }),
  clientCertificate: define("TARGET_GROUP_<N>_TLS_CLIENT_CERT", {
    kind: anyText("path"),
    meaning:
      "File with the certificate that sluice shows to `https://` targets, then its intermediate certificates, PEM.",
    example: "/etc/sluice/client.crt",
    exampleNeeds: { TARGET_GROUP_1_TLS_CLIENT_KEY: "/etc/sluice/client.key" },
  }),
  clientKey: define("TARGET_GROUP_<N>_TLS_CLIENT_KEY", {
    kind: anyText("path"),
    meaning: "File with the private key of `_TLS_CLIENT_CERT`, PEM.",
    example: "/etc/sluice/client.key",
    exampleNeeds: { TARGET_GROUP_1_TLS_CLIENT_CERT: "/etc/sluice/client.crt" },
  }),
};

/** Parses how sluice speaks TLS to a group's `https://` targets. */
export function parseTargetTls(reader: SettingsReader, at: At): TargetTlsConfig {
  // Doors without numbers have none of these.
  if (at.number === undefined) return { authorityFile: null, serverName: null, verify: "full", client: null };
  const { clientCertificate, clientKey, ...rest } = reader.readAll(TARGET_TLS, at);
  const [certificateName, keyName] = [TARGET_TLS.clientCertificate, TARGET_TLS.clientKey].map((variable) =>
    reader.shownAs(variable, at)
  );
  if (clientCertificate === null && clientKey !== null) {
    reader.reportMissing(certificateName!, `Must be set, since ${keyName} is`);
  }
  if (clientCertificate !== null && clientKey === null) {
    reader.reportMissing(keyName!, `Must be set, since ${certificateName} is`);
  }
  const client = clientCertificate === null || clientKey === null
    ? null
    : { certificateFile: clientCertificate, keyFile: clientKey };
  return { ...rest, client };
}

function adviceOnTargetTls({ config, reader }: Scene): Problem[] {
  const advice: Problem[] = [];
  for (const { number, entries } of config.groups) {
    const why = config.listener.upstreamTransport === "fetch"
      ? "Has no effect with UPSTREAM_TRANSPORT=fetch: only the wire transport makes TLS connections itself"
      : entries.every(({ scheme }) => scheme === "http")
      ? "Has no effect: the group has no https:// target"
      : null;
    if (why === null) continue;
    for (const variable of Object.values(TARGET_TLS)) {
      const found = reader.find(variable, { number });
      if (found !== null) advice.push(problemOf(found.label, why));
    }
  }
  return advice;
}

export const TARGET_TLS_TOPIC: Topic = { name: "target tls", variables: TARGET_TLS, adviceOn: adviceOnTargetTls };

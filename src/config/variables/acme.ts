import { quote } from "../../logging/shown_text.ts";
import type { AcmeConfig } from "../acme.ts";
import { type Problem, problemOf } from "../config_error.ts";
import type { ListenerConfig } from "../model.ts";
import type { RuleConfig } from "../rule.ts";
import type { SettingsReader } from "../settings_reader.ts";
import { anyText, BOOLEAN, listOf, Refusal, SECRET, type ValueKind } from "../values/value_kind.ts";
import type { Scene, Topic } from "./topic.ts";
import { define } from "./variable.ts";

/** Directories that have a name. */
const DIRECTORIES: Readonly<Record<string, string>> = {
  letsencrypt: "https://acme-v02.api.letsencrypt.org/directory",
  "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
};

const DIRECTORY: ValueKind<string> = {
  words: "`letsencrypt`, `letsencrypt-staging` or a URL",
  parse: (text) => {
    const named = DIRECTORIES[text.toLowerCase()];
    if (named !== undefined) return named;
    return URL.canParse(text) && text.startsWith("https://")
      ? text
      : new Refusal("letsencrypt, letsencrypt-staging or an https URL");
  },
  format: (url) => Object.keys(DIRECTORIES).find((name) => DIRECTORIES[name] === url) ?? url,
};

/** A DNS name that a certificate can be ordered for by HTTP-01: no wildcard, no address. */
const DOMAIN: ValueKind<string> = {
  words: "name",
  parse: (text) => {
    const name = text.toLowerCase();
    const wellFormed = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
    return wellFormed.test(name) ? name : new Refusal("a DNS name without wildcards, such as www.example.com");
  },
  format: String,
};

const EMAIL: ValueKind<string> = {
  words: "address",
  parse: (text) => /^[^\s@,]+@[^\s@,]+$/.test(text) ? text : new Refusal("an e-mail address"),
  format: String,
};

const LISTENER = {
  LISTENER_TLS_PORT: "443",
  LISTENER_TLS_CERT: "/etc/sluice/tls.crt",
  LISTENER_TLS_KEY: "/etc/sluice/tls.key",
};
const NEEDED = { ...LISTENER, ACME_ENABLE: "true", ACME_TERMS_AGREED: "true", ACME_DOMAINS: "www.example.com" };
const EXTERNAL = {
  ...NEEDED,
  ACME_EAB_KID: "kid-1",
  ACME_EAB_HMAC: "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W",
};

/** Certificates from an ACME directory. */
const ACME = {
  enabled: define("ACME_ENABLE", {
    kind: BOOLEAN,
    default: "false",
    meaning:
      "Order certificates from `ACME_DIRECTORY` and renew them. The directory must reach `LISTENER_PORT` at port 80 " +
      "of each name. Needs `LISTENER_TLS_PORT`.",
    example: "true",
    exampleNeeds: { ...LISTENER, ACME_TERMS_AGREED: "true", ACME_DOMAINS: "www.example.com" },
    restart: true,
  }),
  termsAgreed: define("ACME_TERMS_AGREED", {
    kind: BOOLEAN,
    default: "false",
    meaning: "You agree to the terms of service of `ACME_DIRECTORY`. Must be `true` for `ACME_ENABLE`.",
    example: "true",
    exampleNeeds: LISTENER,
    restart: true,
  }),
  domains: define("ACME_DOMAINS", {
    kind: listOf(DOMAIN, "comma list of names"),
    meaning: "Names to order certificates for: one for each or, with `LISTENER_ENGINE=serve`, one for all. Default: " +
      "the hosts without wildcards in the rules' `_HOST`.",
    example: "example.com,www.example.com",
    exampleNeeds: NEEDED,
    restart: true,
  }),
  email: define("ACME_EMAIL", {
    kind: EMAIL,
    meaning: "Address that the directory may write to.",
    example: "ops@example.com",
    exampleNeeds: NEEDED,
    restart: true,
  }),
  directory: define("ACME_DIRECTORY", {
    kind: DIRECTORY,
    default: "letsencrypt",
    meaning: "The ACME directory.",
    example: "letsencrypt-staging",
    exampleNeeds: NEEDED,
    restart: true,
  }),
  authorityFile: define("ACME_CA", {
    kind: anyText("path"),
    meaning: "File with the root certificate of a private directory, PEM.",
    example: "/etc/sluice/acme-root.pem",
    exampleNeeds: NEEDED,
    restart: true,
  }),
  externalKeyId: define("ACME_EAB_KID", {
    kind: anyText("text"),
    meaning: "Key ID of an account at the provider, if the directory wants one (external account binding).",
    example: "kid-2",
    exampleNeeds: EXTERNAL,
    restart: true,
  }),
  externalKey: define("ACME_EAB_HMAC", {
    kind: SECRET,
    meaning: "HMAC key of `ACME_EAB_KID`, in base64url.",
    example: "b10lLJs8l1GPIzsLP0s6pMt8O0XVGnfTaCeROxQM0BIt2XrJMDHJZBM5NuQmQJQH",
    exampleNeeds: EXTERNAL,
    secret: true,
    restart: true,
  }),
  storage: define("ACME_STORAGE", {
    kind: anyText("path"),
    default: "/var/lib/sluice",
    meaning:
      "Folder for accounts and certificates. The compiled program may write to the default folder only; `deno run` " +
      "needs `--allow-write` for it. Replicas may share it.",
    example: "/srv/sluice",
    exampleNeeds: NEEDED,
    restart: true,
  }),
};

/** Tells whether certificates may come from ACME. */
export function isAcmeEnabled(reader: SettingsReader): boolean {
  return reader.readAll({ enabled: ACME.enabled }).enabled;
}

/** Parses ACME; null without ACME_ENABLE. */
export function parseAcme(
  reader: SettingsReader,
  { port, tls, front, rules }: Pick<ListenerConfig, "port" | "tls" | "front"> & {
    readonly rules: readonly RuleConfig[];
  },
): AcmeConfig | null {
  const { enabled, termsAgreed, domains: named, email, directory, authorityFile, ...rest } = reader.readAll(ACME);
  const { externalKeyId: keyId, externalKey: hmacKey, storage } = rest;
  if (!enabled) return null;
  const domains = [...new Set(named === null || named.length === 0 ? hostsOf(rules) : named)];
  const about = (text: string) => reader.report(problemOf(ACME.enabled.name, text));
  if (!termsAgreed) {
    reader.report(
      problemOf(ACME.termsAgreed.name, `Must be true: it says that you agree to the terms of ${directory}`),
    );
  }
  if (tls === null) about("Needs LISTENER_TLS_PORT, which serves the certificates");
  if (port === null) about("Needs LISTENER_PORT, on which the directory checks each name");
  if (domains.length === 0) {
    reader.reportMissing(ACME.domains.name, "Must be set for ACME_ENABLE, since no rule's _HOST names a host exactly");
  }
  if (keyId === null && hmacKey !== null) {
    reader.reportMissing(ACME.externalKeyId.name, "Must be set, since ACME_EAB_HMAC is");
  }
  if (keyId !== null && hmacKey === null) {
    reader.reportMissing(ACME.externalKey.name, "Must be set, since ACME_EAB_KID is");
  }
  const external = keyId === null || hmacKey === null ? null : { keyId, hmacKey };
  const certificates = front.engine === "serve" ? [domains] : domains.map((name) => [name]);
  return { directory, authorityFile, email, external, certificates, storage };
}

/** The names that rules' `_HOST` holds without wildcards. */
function hostsOf(rules: readonly RuleConfig[]): string[] {
  return rules.flatMap(({ conditions }) => conditions)
    .flatMap((condition) => condition.kind === "host" ? condition.patterns : [])
    .filter((pattern) => !(DOMAIN.parse(pattern) instanceof Refusal));
}

function adviceOnAcme({ config, reader }: Scene): Problem[] {
  if (config.listener.acme !== null) return [];
  return [ACME.domains, ACME.email, ACME.externalKeyId].map((variable) => reader.find(variable))
    .filter((found) => found !== null)
    .map(({ label, text }) => problemOf(label, `${quote(text)} has no effect without ACME_ENABLE`));
}

export const ACME_TOPIC: Topic = { name: "acme", variables: ACME, adviceOn: adviceOnAcme };

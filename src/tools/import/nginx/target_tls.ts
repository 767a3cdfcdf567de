import type { Collector } from "../output/collector.ts";
import type { Setting } from "../output/imported.ts";
import { unverified } from "../output/unverified.ts";
import { type Directive, originOf } from "./directives.ts";
import { type Blocks, effective, withConstants } from "./values.ts";

/** nginx's directives for TLS to targets, and the group's variables. */
const VARIABLES: Readonly<Record<string, string>> = {
  proxy_ssl_trusted_certificate: "TLS_CA",
  proxy_ssl_name: "TLS_SERVER_NAME",
  proxy_ssl_certificate: "TLS_CLIENT_CERT",
  proxy_ssl_certificate_key: "TLS_CLIENT_KEY",
};

/** What TLS to the targets of a `proxy_pass https://` asks of their group. nginx checks no certificate by default. */
export function targetTls(pass: Directive, blocks: Blocks, found: Collector): Setting[] {
  const settings: Setting[] = [];
  for (const [name, variable] of Object.entries(VARIABLES)) {
    for (const each of effective(blocks, name)) {
      const value = withConstants(each.args[0] ?? "", blocks);
      if (value.includes("$")) found.lose(originOf(each), `${variable} is one value`);
      else settings.push({ name: variable, value, from: [originOf(each)] });
    }
  }
  const [verify] = effective(blocks, "proxy_ssl_verify");
  if (verify?.args[0] === "on") found.needless(originOf(verify), "sluice checks the certificates of targets by itself");
  else settings.push(unverified(originOf(verify ?? pass), found));
  return settings;
}

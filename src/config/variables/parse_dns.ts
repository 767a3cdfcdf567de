import { NAME_SERVER } from "../values/address_values.ts";
import { duration } from "../values/duration.ts";
import type { DnsConfig } from "../model.ts";
import type { SettingsReader } from "../settings_reader.ts";
import { oneOf } from "../values/value_kind.ts";

/** Reads how names are resolved. */
export function parseDns(reader: SettingsReader): DnsConfig {
  return {
    server: reader.readOptional("DNS_SERVER", NAME_SERVER),
    family: reader.read("DNS_FAMILY", oneOf<DnsConfig["family"]>(["auto", "ipv4", "ipv6", "any"])),
    refreshIntervalMs: reader.read("DNS_REFRESH_INTERVAL", duration(0)),
  };
}

import type { DnsConfig } from "../model.ts";
import { NAME_SERVER } from "../values/address_values.ts";
import { duration } from "../values/duration.ts";
import { oneOf } from "../values/value_kind.ts";
import type { Topic } from "./topic.ts";
import { define } from "./variable.ts";

/** How host names become addresses. */
export const DNS = {
  server: define("DNS_SERVER", {
    kind: NAME_SERVER,
    meaning: "Name server to ask instead of the system's. The port defaults to 53.",
    example: "10.0.0.2:53",
  }),
  family: define("DNS_FAMILY", {
    kind: oneOf<DnsConfig["family"]>(["auto", "ipv4", "ipv6", "any"]),
    default: "auto",
    meaning: "Which addresses become targets. `auto`: A records, or AAAA records if there is no A record.",
    example: "any",
  }),
  refreshIntervalMs: define("DNS_REFRESH_INTERVAL", {
    kind: duration(0),
    default: "30000",
    meaning: "How often sluice resolves names again; 0: only at start.",
    example: "5s",
  }),
};

export const DNS_TOPIC: Topic = { name: "names", variables: DNS };

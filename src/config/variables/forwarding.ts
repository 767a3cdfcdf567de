import { type Problem, problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import type { UpstreamReuse, UpstreamTransport } from "../model.ts";
import { CIDR } from "../values/address_values.ts";
import { BOOLEAN, integer, listOf, oneOf } from "../values/value_kind.ts";
import type { Scene, Topic } from "./topic.ts";
import { define } from "./variable.ts";

/** How sluice sends requests to targets, and what it tells them about the client. */
export const FORWARDING = {
  headerConvention: define("HEADER_CONVENTION_ENABLE", {
    kind: BOOLEAN,
    default: "false",
    meaning:
      "Add `X-Forwarded-For`, `-Host`, `-Port`, `-Proto`, `X-Real-IP` and `X-Request-Id` to the request that a " +
      "target gets, and `X-Request-Id` to every response.",
    example: "true",
  }),
  via: define("VIA_ENABLE", {
    kind: BOOLEAN,
    default: "true",
    meaning: "Add `Via` to the request that a target gets. Without it sluice can't find loops, but nginx as a target " +
      "compresses again.",
    example: "false",
  }),
  trustedProxies: define("TRUSTED_PROXIES", {
    kind: listOf(CIDR, "list of CIDRs"),
    meaning:
      "Peers whose `X-Forwarded-*` headers sluice believes; from any other peer it removes them. Unset: sluice " +
      "believes none ([what targets are told](#what-targets-are-told-of-the-client)).",
    example: "10.0.0.0/8,::1",
    advice: (cidrs) =>
      cidrs.filter((each) => each.endsWith("/0")).map((each) =>
        `${quote(each)} includes every address: any client can then choose its own address`
      ),
  }),
  retryAttempts: define("RETRY_ATTEMPTS", {
    kind: integer(0, 10, "attempts"),
    default: "1",
    meaning: "Further attempts after a request was sent, for idempotent methods whose body was not read.",
    example: "2",
  }),
  upstreamTransport: define("UPSTREAM_TRANSPORT", {
    kind: oneOf<UpstreamTransport>(["wire", "fetch"]),
    default: "wire",
    meaning:
      "How sluice sends requests to plain-HTTP targets. `wire`: on its own sockets, at about half the cost, byte " +
      "for byte except for dot segments in the path. `fetch`: by the platform's `fetch`.",
    example: "fetch",
    restart: true,
  }),
  upstreamReuse: define("UPSTREAM_REUSE", {
    kind: oneOf<UpstreamReuse>(["always", "safe"]),
    default: "always",
    meaning:
      "Which requests may reuse a connection to a target. `always`: all, but those that must not be sent twice " +
      "only if the connection was used within the last half second. `safe`: only those that may be sent twice; POST, " +
      "PATCH and bodies in pieces get a new connection. No effect with `fetch`, where POST and PATCH always get one.",
    example: "safe",
    restart: true,
  }),
};

function adviceOnReuse({ config: { listener }, reader }: Scene): Problem[] {
  const found = reader.find(FORWARDING.upstreamReuse);
  if (found === null || listener.upstreamTransport !== "fetch") return [];
  const text = `${quote(found.text)} has no effect with UPSTREAM_TRANSPORT=fetch: there POST and PATCH always get a ` +
    "new connection, and all other requests share";
  return [problemOf(found.label, text)];
}

export const FORWARDING_TOPIC: Topic = { name: "forwarding", variables: FORWARDING, adviceOn: adviceOnReuse };

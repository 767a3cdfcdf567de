import ipaddr from "ipaddr.js";
import type { SourceIpCondition } from "../../config/rule_condition.ts";
import type { ConditionType } from "./condition.ts";

type Range = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

/** `_SOURCE_IP`: the client's address, which only TRUSTED_PROXIES can say in a header. */
export const sourceIp: ConditionType<SourceIpCondition> = {
  compile({ ranges }) {
    const compiled = ranges.map(rangeOf);
    return (request) => {
      if (!ipaddr.isValid(request.clientAddress)) return false;
      const address = ipaddr.process(request.clientAddress);
      return compiled.some(([range, bits]) =>
        range.kind() === address.kind() && address.match(range as ipaddr.IPv4, bits)
      );
    };
  },
  value: (_condition, request) => request.clientAddress,
};

/** A range of IPv4-mapped addresses (::ffff:10.0.0.0/104) is one of IPv4, as such addresses count as IPv4. */
function rangeOf(cidr: string): Range {
  const [range, bits] = ipaddr.parseCIDR(cidr);
  return range instanceof ipaddr.IPv6 && range.isIPv4MappedAddress() && bits >= 96
    ? [range.toIPv4Address(), bits - 96]
    : [range, bits];
}

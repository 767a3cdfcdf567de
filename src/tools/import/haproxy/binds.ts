import type { Collector } from "../output/collector.ts";
import type { Origin } from "../output/imported.ts";
import type { Section } from "./sections.ts";

/** One address of a `bind` line. */
export interface Bind {
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  readonly certificates: readonly string[];
  readonly proxyProtocol: boolean;
  readonly origin: Origin;
}

/** A frontend, or a `listen`, with the ports of its own that sluice takes over. */
export interface Front {
  readonly section: Section;
  readonly binds: readonly Bind[];
}

/** Chooses the plain port and the TLS port that sluice listens on, and gives the frontends that listen there. */
export function chooseBinds(sections: readonly Section[], found: Collector): Front[] {
  const all = sections.map((section) => ({ section, binds: bindsOf(section, found) }));
  const binds = all.flatMap((each) => each.binds);
  const plain = choose(binds.filter((each) => !each.tls), 80);
  const tls = choose(binds.filter((each) => each.tls), 443);
  if (plain !== undefined) found.set("LISTENER_PORT", String(plain.port), plain.origin);
  if (tls !== undefined) readTls(tls, plain === undefined, found);
  const ports = [plain?.port, tls?.port];
  const address = (plain ?? tls)?.address ?? "";
  if (address !== "") found.set("LISTENER_HOST", address, (plain ?? tls)!.origin);
  return all.flatMap(({ section, binds }) => {
    const kept = binds.filter((each) => ports.includes(each.port));
    for (const each of binds) {
      if (!kept.includes(each)) {
        found.lose(each.origin, `sluice has one plain port and one for TLS: start another sluice for ${each.port}`);
      } else {
        found.needless(each.origin, "LISTENER_PORT and LISTENER_HOST hold for all");
        if (each.proxyProtocol) {
          found.set("LISTENER_PROXY_PROTOCOL", "true", each.origin);
          found.lose(each.origin, "accept-proxy believes every peer: name yours in TRUSTED_PROXIES");
        }
      }
    }
    if (kept.length > 0) return [{ section, binds: kept }];
    if (section.kind === "listen" && binds.length === 0) return [];
    found.lose(section.origin, "it listens on no port of sluice's");
    for (const line of section.lines) {
      if (line.words[0] !== "bind") found.lose(line.origin, "its frontend listens on no port of sluice's");
    }
    return [];
  });
}

function readTls(tls: Bind, alone: boolean, found: Collector): void {
  found.set("LISTENER_TLS_PORT", String(tls.port), tls.origin);
  if (alone) found.set("LISTENER_PORT", "off", tls.origin, "LISTENER_TLS_PORT");
  tls.certificates.forEach((path, i) => {
    const suffix = i === 0 ? "" : `_${i}`;
    // HAProxy has the certificate and its key in one file.
    found.set(`LISTENER_TLS_CERT${suffix}`, path, tls.origin);
    found.set(`LISTENER_TLS_KEY${suffix}`, path, tls.origin);
  });
}

function choose(binds: readonly Bind[], usual: number): Bind | undefined {
  return binds.find((each) => each.port === usual) ?? binds[0];
}

function bindsOf(section: Section, found: Collector): Bind[] {
  return section.lines.filter((each) => each.words[0] === "bind").flatMap(({ words, origin }) => {
    const [, addresses = "", ...options] = words;
    const certificates = options.flatMap((word, i) =>
      word === "crt" && options[i + 1] !== undefined ? [options[i + 1]!] : []
    );
    if (options.includes("verify") && options[options.indexOf("verify") + 1] !== "none") {
      found.lose(origin, "sluice can't ask clients for certificates");
    }
    return addresses.split(",").flatMap((each): Bind[] => {
      const [, address = "", port] = /^(?:ipv[46]@)?(.*?):(\d+)$/.exec(each) ?? [];
      if (port === undefined) {
        found.lose(origin, "sluice listens on TCP ports, one by one");
        return [];
      }
      return [{
        address: ["*", "0.0.0.0", "::", "[::]"].includes(address) ? "" : address,
        port: Number(port),
        tls: options.includes("ssl"),
        certificates,
        proxyProtocol: options.includes("accept-proxy"),
        origin,
      }];
    });
  });
}

import type { Collector } from "../output/collector.ts";
import type { Origin } from "../output/imported.ts";
import { type Directive, originOf } from "./directives.ts";

/** One `listen`. */
export interface Listen {
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  readonly isDefault: boolean;
  readonly proxyProtocol: boolean;
  readonly origin: Origin;
}

/** A server of nginx's that sluice takes over. */
export interface Server {
  readonly directive: Directive;
  readonly listens: readonly Listen[];
}

/** Chooses the plain port and the TLS port that sluice listens on, and gives the servers that listen there. */
export function chooseListeners(directives: readonly Directive[], found: Collector): Server[] {
  const all = directives.map((directive) => ({ directive, listens: listensOf(directive, found) }));
  const listens = all.flatMap((each) => each.listens);
  const plain = choose(listens.filter((each) => !each.tls), 80);
  const tls = choose(listens.filter((each) => each.tls), 443);
  if (plain !== null) found.set("LISTENER_PORT", String(plain.port), plain.origin);
  if (tls !== null) found.set("LISTENER_TLS_PORT", String(tls.port), tls.origin);
  if (tls !== null && plain === null) found.set("LISTENER_PORT", "off", tls.origin, "LISTENER_TLS_PORT");
  const ports = [plain?.port, tls?.port];
  const addresses = new Set(listens.filter((each) => ports.includes(each.port)).map((each) => each.address));
  const [only] = [...addresses];
  if (addresses.size === 1 && only !== "" && only !== "[::]") {
    found.set("LISTENER_HOST", only!.replace(/^\[|\]$/g, ""), (plain ?? tls)!.origin);
  }
  return all.flatMap(({ directive, listens }) => {
    const kept = listens.filter((each) => ports.includes(each.port));
    for (const each of listens) {
      if (!kept.includes(each)) {
        found.lose(each.origin, `sluice has one plain port and one for TLS: start another sluice for ${each.port}`);
      } else found.needless(each.origin, "LISTENER_PORT and LISTENER_HOST hold for all");
      if (each.proxyProtocol) {
        found.set("LISTENER_PROXY_PROTOCOL", "true", each.origin);
      }
    }
    if (kept.length > 0) return [{ directive, listens: kept }];
    loseAll(directive, found);
    return [];
  });
}

function loseAll(directive: Directive, found: Collector): void {
  for (const each of directive.block ?? []) {
    if (each.name !== "listen") found.lose(originOf(each), "its server listens on no port of sluice's");
    loseAll(each, found);
  }
}

function choose(listens: readonly Listen[], usual: number): Listen | null {
  const count = (listen: Listen) => listens.filter((each) => each.port === listen.port).length;
  return listens.find((each) => each.port === usual) ??
    listens.reduce<Listen | null>((most, each) => most === null || count(each) > count(most) ? each : most, null);
}

function listensOf(server: Directive, found: Collector): Listen[] {
  const block = server.block ?? [];
  const ssl = block.some((each) => each.name === "ssl" && each.args[0] === "on");
  const lines = block.filter((each) => each.name === "listen");
  const listens = lines.flatMap((directive): Listen[] => {
    const [where = "", ...options] = directive.args;
    const origin = originOf(directive);
    if (where.startsWith("unix:")) {
      found.lose(origin, "sluice listens on TCP ports");
      return [];
    }
    const [, address = "", port] = /^(?:(\[.*\]|[^:]*[^\d:][^:]*|\d+\.\d+\.\d+\.\d+)(?::|$))?(\d+)?$/.exec(where) ?? [];
    return [{
      address: address === "*" || address === "0.0.0.0" ? "" : address,
      port: Number(port ?? 80),
      tls: ssl || options.includes("ssl") || options.includes("quic"),
      isDefault: options.includes("default_server") || options.includes("default"),
      proxyProtocol: options.includes("proxy_protocol"),
      origin,
    }];
  });
  if (lines.length > 0) return listens;
  return [{ address: "", port: 80, tls: ssl, isDefault: false, proxyProtocol: false, origin: originOf(server) }];
}

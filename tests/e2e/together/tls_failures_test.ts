/** Many failed handshakes of each kind with https targets: their reasons, fail-over, and what they leave behind. */
import assert from "node:assert/strict";
import { MOST_HANDSHAKES } from "../../../src/dial/tls_connection.ts";
import { askOn } from "../../support/ask.ts";
import { Certificate } from "../../support/certificate.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { testWithPrograms } from "../../support/have_program.ts";
import { numberedGroup } from "../../support/mock_group.ts";
import { until } from "../../support/poll.ts";
import { RawClient } from "../../support/raw_client.ts";
import { header } from "../../support/raw_message.ts";
import { okay } from "../../support/recorder_scripts.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { residentKib } from "../../support/resident_memory.ts";
import { type SluiceProcess, startSluice } from "../../support/sluice_process.ts";
import { TlsTarget } from "../../support/tls_target.ts";

/** Failures of each kind; `SLUICE_TEST_TLS_FAILURES=1000` for the long form. */
const FAILURES = Number(Deno.env.get("SLUICE_TEST_TLS_FAILURES") ?? 60);
/** Clients at a time: more than may hang. */
const CLIENTS = 40;
/** A TLS session takes some 50 KB: a leak of one in ten would show in the long form. */
const MOST_MORE_KIB = 5 * FAILURES + 48 * 1024;

const PAST = { notBefore: "20200101000000Z", notAfter: "20200201000000Z" };

function descriptors({ pid }: SluiceProcess): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

/** Asks for a path by several clients at a time; how often each outcome came. */
async function outcomes(sluice: SluiceProcess, path: string, count: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let left = count;
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    await using client = await RawClient.connect(sluice.url);
    while (left-- > 0) {
      const { status, body, response } = await askOn(client, path);
      const outcome = `${status} ${header(response, "x-sluice-reason") ?? body}`;
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
  }));
  return counts;
}

/** A target without TLS: sends `text` to each connection, and holds it until the other side closes it. */
class PlainTarget implements AsyncDisposable {
  readonly address: string;
  /** Connections that nobody has closed. */
  readonly held = new Set<Deno.Conn>();
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #accepting: Promise<void>;

  constructor(text: string) {
    this.address = `https://127.0.0.1:${this.#listener.addr.port}`;
    this.#accepting = this.#accept(text);
  }

  async #accept(text: string): Promise<void> {
    for await (const conn of this.#listener) void this.#hold(conn, text);
  }

  async #hold(conn: Deno.Conn, text: string): Promise<void> {
    this.held.add(conn);
    try {
      await conn.write(new TextEncoder().encode(text));
      while (await conn.read(new Uint8Array(4096)) !== null);
    } catch {
      // Reset, or closed below.
    }
    this.#close(conn);
  }

  #close(conn: Deno.Conn): void {
    if (this.held.delete(conn)) conn.close();
  }

  closeAll(): void {
    for (const conn of this.held) this.#close(conn);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    this.closeAll();
  }
}

testWithPrograms(
  ["openssl"],
  `${FAILURES} failed handshakes of each kind have their reason, another target serves, and nothing is left behind`,
  async (t) => {
    await using authority = await TestAuthority.make();
    await using stranger = await TestAuthority.make();
    await using good = await RecorderTarget.start();
    good.script = okay("good");
    await using named = new TlsTarget(await authority.issue({ names: ["other.test"] }));
    await using expired = new TlsTarget(await authority.issue({ names: ["127.0.0.1"], ...PAST }));
    await using unknown = new TlsTarget(await stranger.issue({ names: ["127.0.0.1"] }));
    await using own = await Certificate.make();
    await using selfSigned = new TlsTarget({ certificate: own.cert, key: own.key });
    await using plain = new PlainTarget("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    await using silent = new PlainTarget("");
    const kinds: readonly (readonly [name: string, address: string, outcome: string])[] = [
      ["wrong", named.address(), "502 tls_name"],
      ["expired", expired.address(), "502 tls_expired"],
      ["unknown", unknown.address(), "502 tls_untrusted"],
      ["selfsigned", selfSigned.address(), "502 tls_untrusted"],
      ["plain", plain.address, "502 tls_failed"],
    ];
    const env: Record<string, string> = {
      UPSTREAM_TRANSPORT: "wire",
      REASON_HEADER: "true",
      ACCESS_LOG: "false",
      CONNECT_TIMEOUT: "300ms",
    };
    const groups = [...kinds.map(([name, address]) => [name, address] as const), ["hang", silent.address] as const];
    groups.forEach(([name, address], index) => {
      for (
        const [number, group, targets] of [
          [2 * index + 1, name, address],
          [2 * index + 2, `${name}-or-good`, `${address},${good.address}`],
        ] as const
      ) {
        Object.assign(env, numberedGroup(number, group, targets), {
          [`TARGET_GROUP_${number}_TLS_CA`]: authority.rootFile,
        });
      }
    });
    await using sluice = await startSluice({ env });
    const shown: Record<string, unknown>[] = [];
    for (const [name, , outcome] of kinds) {
      await t.step(`${name}: ${outcome}`, async () => {
        await outcomes(sluice, `/${name}`, 20);
        await sluice.settled();
        const [before, beforeKib] = [descriptors(sluice), residentKib(sluice.pid, "VmRSS")];
        assert.deepEqual(await outcomes(sluice, `/${name}`, FAILURES), { [outcome]: FAILURES });
        assert.deepEqual(await outcomes(sluice, `/${name}-or-good`, FAILURES), { "200 good": FAILURES });
        // Those to the good target stay open.
        const most = before + CLIENTS;
        await until(() => descriptors(sluice) <= most, () => `${descriptors(sluice)} descriptors, ${before} before`);
        const moreKib = residentKib(sluice.pid, "VmRSS") - beforeKib;
        shown.push({ name, descriptors: [before, descriptors(sluice)], moreKib });
        assert.ok(moreKib < MOST_MORE_KIB, `${moreKib} KiB more`);
      });
    }
    await t.step(`hanging: at most ${MOST_HANDSHAKES} at a time, which are free when the target closes`, async () => {
      const before = descriptors(sluice);
      const counts = await outcomes(sluice, "/hang", FAILURES);
      const { "504 connect_timeout": given = 0, "502 tls_failed": refused = 0 } = counts;
      assert.deepEqual([given + refused, given >= MOST_HANDSHAKES], [FAILURES, true], JSON.stringify(counts));
      assert.ok(refused > 0, JSON.stringify(counts));
      await until(() => silent.held.size === MOST_HANDSHAKES, () => `${silent.held.size} hang`);
      shown.push({ name: "hang", descriptors: [before, descriptors(sluice)], ...counts });
      assert.deepEqual(await outcomes(sluice, "/hang-or-good", FAILURES), { "200 good": FAILURES });
      // Each group counts for itself.
      await until(() => silent.held.size <= 2 * MOST_HANDSHAKES, () => `${silent.held.size} hang`);
      silent.closeAll();
      await until(() => descriptors(sluice) <= before + CLIENTS, () => `${descriptors(sluice)}, ${before} before`);
      assert.deepEqual(await outcomes(sluice, "/hang", 1), { "504 connect_timeout": 1 }, "there is room again");
    });
    if (FAILURES > 100) console.log(shown);
    await sluice.settled();
  },
);

/** Floods of HTTP/2: frames that cost their sender little, and a server much. Other clients are served meanwhile. */
import assert from "node:assert/strict";
import type { TestAuthority } from "../../support/certificates.ts";
import {
  Code,
  Flag,
  frame,
  FrameType,
  get,
  headerBlock,
  Http2Client,
  requestLines,
  settings,
  word,
} from "../../support/http2_client.ts";
import { until } from "../../support/poll.ts";
import { byPath, hang, okay } from "../../support/recorder_scripts.ts";
import { type TlsStage, withTlsStage } from "../../support/tls_stage.ts";

/** Frames in one write. */
const BATCH = 100;
/** So many batches are enough to be disconnected, when they are read. */
const MOST_BATCHES = 2_000;

interface Flood {
  readonly title: string;
  /** What comes before. */
  readonly begin?: readonly Uint8Array[];
  /** The frames of the turn `n`, which counts from 0. */
  readonly next: (n: number) => Uint8Array[];
}

const NOTHING = new Uint8Array();
const PING = frame(FrameType.ping, 0, 0, new Uint8Array(8));
const UPLOAD = headerBlock(requestLines("/upload", { method: "POST" }));
const POST = frame(FrameType.headers, Flag.endHeaders, 1, UPLOAD);
const CANCEL = word(Code.cancel);

/** A request of its own stream, and what makes sluice reset it (MadeYouReset, CVE-2025-8671). */
function made(path: string, more: (stream: number) => Uint8Array[]): Flood["next"] {
  return (n) => [get(2 * n + 1, path), ...more(2 * n + 1)];
}

const FLOODS: readonly Flood[] = [
  { title: "PING", next: () => [PING] },
  { title: "answers to PINGs that nobody sent", next: () => [frame(FrameType.ping, Flag.ack, 0, new Uint8Array(8))] },
  { title: "SETTINGS without settings", next: () => [settings()] },
  { title: "SETTINGS that change the windows of streams", next: (n) => [settings([4, 1000 + n % 2])] },
  { title: "acknowledgements of SETTINGS", next: () => [frame(FrameType.settings, Flag.ack, 0)] },
  { title: "DATA without data", begin: [POST], next: () => [frame(FrameType.data, 0, 1)] },
  {
    title: "DATA that is padding alone",
    begin: [POST],
    next: () => [frame(FrameType.data, Flag.padded, 1, new Uint8Array(1))],
  },
  { title: "PRIORITY", next: (n) => [frame(FrameType.priority, 0, 2 * n + 1, new Uint8Array(5))] },
  { title: "WINDOW_UPDATE of the connection", next: () => [frame(FrameType.windowUpdate, 0, 0, word(1))] },
  {
    title: "WINDOW_UPDATE of a stream",
    begin: [get(1, "/hang")],
    next: () => [frame(FrameType.windowUpdate, 0, 1, word(1))],
  },
  {
    title: "WINDOW_UPDATE of a closed stream",
    begin: [get(1, "/hang"), frame(FrameType.reset, 0, 1, CANCEL)],
    next: () => [frame(FrameType.windowUpdate, 0, 1, word(1))],
  },
  {
    title: "RST_STREAM of a closed stream",
    begin: [get(1, "/hang")],
    next: () => [frame(FrameType.reset, 0, 1, CANCEL)],
  },
  {
    title: "DATA on a stream that its client closed",
    begin: [get(1, "/hang")],
    next: () => [frame(FrameType.data, 0, 1, new Uint8Array(1))],
  },
  {
    title: "trailers on a stream that was reset",
    begin: [get(1, "/", [["X-A", "1"]])],
    next: () => [frame(FrameType.headers, Flag.endStream | Flag.endHeaders, 1, headerBlock([["x-b", "1"]]))],
  },
  { title: "GOAWAY", next: () => [frame(FrameType.goAway, 0, 0, new Uint8Array(8))] },
  { title: "frames of unknown types", next: (n) => [frame(0x20 + n % 100, 0, n, NOTHING)] },
  {
    title: "CONTINUATION without fields",
    begin: [frame(FrameType.headers, Flag.endStream, 1, headerBlock(requestLines("/")))],
    next: () => [frame(FrameType.continuation, 0, 1)],
  },
  {
    title: "requests that are taken back at once (CVE-2023-44487)",
    next: (n) => [get(2 * n + 1, "/hang"), frame(FrameType.reset, 0, 2 * n + 1, CANCEL)],
  },
  {
    title: "requests that are taken back at once, beside an upload byte by byte",
    begin: [POST],
    next: (n) => [
      frame(FrameType.data, 0, 1, new Uint8Array(1)),
      frame(FrameType.data, 0, 1, new Uint8Array(1)),
      get(2 * n + 3, "/hang"),
      frame(FrameType.reset, 0, 2 * n + 3, CANCEL),
    ],
  },
  {
    title: "requests that are taken back when their responses wait for a window",
    // Responses wait: the window of the connection is spent, and never opened.
    begin: [settings([4, 1_000_000]), get(1, "/large")],
    next: (n) => [get(2 * n + 3, "/"), ...(n < 50 ? [] : [frame(FrameType.reset, 0, 2 * n + 3 - 100, CANCEL)])],
  },
  { title: "requests beyond the limit", begin: hanging(200), next: (n) => [get(2 * n + 401, "/hang")] },
  { title: "malformed requests", next: (n) => [get(2 * n + 1, "/", [["X-A", "1"]])] },
  {
    title: "streams reset by a window opened by nothing",
    next: made("/hang", (stream) => [frame(FrameType.windowUpdate, 0, stream, word(0))]),
  },
  {
    title: "streams reset by a window opened too far",
    next: made("/hang", (stream) => [frame(FrameType.windowUpdate, 0, stream, word(2 ** 31 - 1))]),
  },
  {
    title: "streams reset by DATA behind their end",
    next: made("/hang", (stream) => [frame(FrameType.data, 0, stream, new Uint8Array(1))]),
  },
  {
    title: "bodies longer than their content-length",
    next: (n) => {
      const lines = headerBlock([...requestLines("/hang", { method: "POST" }), ["content-length", "1"]]);
      const stream = 2 * n + 1;
      return [
        frame(FrameType.headers, Flag.endHeaders, stream, lines),
        frame(FrameType.data, Flag.endStream, stream, new Uint8Array(2)),
      ];
    },
  },
];

function hanging(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => get(2 * i + 1, "/hang"));
}

/** Sends a flood until the connection ends; it must end for its cost. */
async function flood(client: Http2Client, { begin = [], next }: Flood): Promise<void> {
  // From here on the client sends nothing by itself: its acknowledgement of SETTINGS is on its way.
  await until(() => client.frames.filter(({ type }) => type === FrameType.settings).length === 2, "both settings");
  await client.send(...begin);
  for (let n = 0, batch = 0; batch < MOST_BATCHES && !client.ended; batch++) {
    const frames: Uint8Array[] = [];
    while (frames.length < BATCH) frames.push(...next(n++));
    try {
      await client.send(...frames);
    } catch {
      break;
    }
  }
  const code = await client.goodbye();
  assert.equal(code, Code.calm, `GOAWAY with ${code}`);
}

/** Sends one request after the other on a connection of its own, while `work` goes on; all must be answered. */
async function besideOthers(stage: TlsStage, authority: TestAuthority, work: Promise<void>): Promise<void> {
  let over = false;
  const ends = work.finally(() => over = true);
  ends.catch(() => {});
  using other = await Http2Client.connect(stage.port, authority);
  for (let stream = 1; !over || stream === 1; stream += 2) {
    await other.send(get(stream, "/other"));
    assert.equal(await other.status(stream), 200);
  }
  await ends;
}

Deno.test("a flood ends its connection, and others are served meanwhile", (t) =>
  withTlsStage({ LISTENER_WORKERS: "1" }, async (stage, authority) => {
    stage.target.script = byPath({ "/hang": hang(), "/large": okay("x".repeat(100_000)) });
    const floods = async () => (await stage.sluice.stats()).clients!.closed.flood;
    for (const each of FLOODS) {
      await t.step(`a flood of ${each.title}`, async () => {
        const before = await floods();
        using client = await Http2Client.connect(stage.port, authority, { acknowledges: false });
        await besideOthers(stage, authority, flood(client, each));
        await until(async () => await floods() === before + 1, "the count of floods");
        await stage.sluice.settled();
      });
    }
  }));

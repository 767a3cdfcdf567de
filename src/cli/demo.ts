import { parseDuration } from "../config/values/duration.ts";
import type { ControlPlane } from "../control_plane/control_plane.ts";
import { TargetTlsTexts } from "../control_plane/certificates/target_tls_texts.ts";
import { Log } from "../logging/log.ts";
import { quote } from "../logging/shown_text.ts";
import { textTable } from "../logging/text_table.ts";
import { systemClock } from "../time/clock.ts";
import { playDemo } from "../tools/demo.ts";
import { DemoTarget } from "../tools/demo_target.ts";
import { createBalancer } from "./balancer.ts";
import { parseSources } from "./parse_sources.ts";
import { readCertificates } from "./read_certificates.ts";
import { listenForStop } from "./stop_signal.ts";
import { complain, print } from "./terminal.ts";

/** The flags of `demo`. */
export interface DemoFlags {
  /** End when the target has recovered. */
  readonly once?: boolean;
  /** `--duration TIME`: end after that long; a bare number is seconds. */
  readonly duration?: string;
}

const NAMES = ["mock-1", "mock-2", "mock-3"] as const;

/**
 * Runs mock targets, a balancer with its dashboard, traffic and a target that fails and recovers, all in this process;
 * returns the exit code.
 */
export async function runDemo(flags: DemoFlags): Promise<0 | 2> {
  const durationMs = flags.duration === undefined ? null : durationOf(flags.duration);
  if (Number.isNaN(durationMs)) {
    const given = quote(flags.duration ?? "");
    complain(`Cannot use ${given} as --duration: it must be a time above 0 like 30 (seconds), 30s or 2m`);
    return 2;
  }
  using stop = listenForStop();
  const mocks = await Promise.all(NAMES.map((name) => DemoTarget.start(name)));
  const plane = await startBalancer(mocks);
  const ended = new AbortController();
  const end = () => ended.abort();
  stop.aborted.addEventListener("abort", end);
  const cancelEnd = durationMs === null ? () => {} : systemClock.after(durationMs, end);
  try {
    await plane.start();
    introduce(plane, mocks);
    const traffic = await playDemo({
      mocks,
      url: plane.listenerUrl,
      clock: systemClock,
      stateOf: (mock) => stateOf(plane, mock),
      say: (line) => print(line),
      signal: ended.signal,
    }, { once: flags.once === true });
    print(`\nStopping. ${traffic.summary()}`);
    return 0;
  } finally {
    cancelEnd();
    await plane.stop();
    await Promise.all(mocks.map((mock) => mock.die()));
  }
}

/** The balancer of `serve`, configured by variables as a user would; it logs errors only. */
async function startBalancer(mocks: readonly DemoTarget[]): Promise<ControlPlane> {
  const environment = {
    LISTENER_HOST: "127.0.0.1",
    LISTENER_PORT: "0",
    LISTENER_WORKERS: "1",
    ADMIN_PORT: "0",
    ACCESS_LOG: "false",
    TARGET_GROUP_1_NAME: "web",
    TARGET_GROUP_1_TARGETS: mocks.map(({ port }) => `127.0.0.1:${port}`).join(","),
    TARGET_GROUP_1_HEALTH_CHECK_ENABLED: "true",
    TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "1s",
    TARGET_GROUP_1_HEALTH_CHECK_TIMEOUT: "500ms",
    LISTENER_RULE_1_PATH_PREFIX: "/",
    LISTENER_RULE_1_TARGET_GROUP: "web",
  };
  const result = await parseSources({ flags: {}, environment, envFile: null, configFile: null });
  const log = new Log({ write: (text) => print(text, "stderr") }, { level: "error", json: false });
  const { certificates } = await readCertificates(result.config!, log);
  return createBalancer({
    config: result.config!,
    settings: result.settings,
    certificates,
    targetTls: TargetTlsTexts.NONE,
    log,
    accessLog: { writeBytes: () => {} },
    json: false,
  });
}

function introduce({ listenerUrl, adminUrl }: ControlPlane, mocks: readonly DemoTarget[]): void {
  const rows = [
    ["Dashboard", `${adminUrl}/`],
    ["Listener", `${listenerUrl}/    try: curl ${listenerUrl}/hello`],
    ...mocks.map(({ name, url }, index) => [
      name,
      url + (index === 0 ? `    break it: curl -X PUT ${url}/_mock -d '{"delayMs": 300}'` : ""),
    ]),
    ["Ask it", `sluice status --watch --admin ${adminUrl}`],
    ["", `sluice explain GET /hello --admin ${adminUrl}`],
    ["", `curl ${adminUrl}/metrics    and /lb/stats, /config, /decisions`],
  ];
  const table = textTable(rows, { indent: "  " });
  print(
    ["sluice, three mock targets and traffic, all in this process and on free ports.", "", ...table, ""].join("\n"),
  );
}

function stateOf(plane: ControlPlane, mock: DemoTarget): { state: string; reason: string | null } {
  const targets = plane.responses.view().groups.flatMap((group) => group.targets);
  const view = targets.find(({ target }) => target.port === mock.port);
  return { state: view?.state ?? "gone", reason: view?.reason ?? null };
}

/** NaN if the text is not a duration above 0. */
function durationOf(text: string): number {
  const ms = parseDuration(/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text);
  return ms === null || ms <= 0 ? NaN : ms;
}

/**
 * Takes the pictures of the dashboard in `docs/`: `deno task pictures`. They show a real sluice before mock targets,
 * under traffic for as long as the dashboard's charts go back. Needs Chromium and openssl.
 */
import { startMockTarget } from "../src/tools/mock_target.ts";
import { withPage } from "./support/browser.ts";
import { TestAuthority } from "./support/certificates.ts";
import { pause } from "./support/poll.ts";
import { startSluice } from "./support/sluice_process.ts";
import { tempDir } from "./support/temp_dir.ts";

/** Two minutes, which the charts show, and some more. */
const TRAFFIC_MS = 130_000;
/** How long a target has been unhealthy in the pictures. */
const UNHEALTHY_MS = 12_000;

/** How many requests a second go to what path. */
const TRAFFIC = [
  { path: "/", perSecond: 100 },
  { path: "/api/orders?page=3", perSecond: 27 },
  { path: "/old/prices", perSecond: 2 },
];

const PICTURES = [
  { file: "docs/dashboard-light.png", colorScheme: "light", width: 1360, height: 1240 },
  { file: "docs/dashboard-phone-dark.png", colorScheme: "dark", width: 390, height: 1640 },
] as const;

/** Closes idle connections before sluice does: a request could else cross with that. */
const CLIENT = Deno.createHttpClient({ poolIdleTimeout: 20_000 });

if (import.meta.main) {
  const folder = Deno.cwd();
  await using dir = await tempDir();
  await using authority = await TestAuthority.make();
  const { certificate, key } = await authority.issue({ names: ["shop.example.com", "www.shop.example.com"] });
  await Deno.writeTextFile(`${dir.path}/tls.crt`, certificate);
  await Deno.writeTextFile(`${dir.path}/tls.key`, key);
  const web = await Promise.all(
    [27001, 27002, 27003].map((port) => startMockTarget({ port, delayMs: 12, jitterMs: 12 })),
  );
  const api = await Promise.all([
    startMockTarget({ port: 27004, delayMs: 55, jitterMs: 30 }),
    startMockTarget({ port: 27005, delayMs: 75, jitterMs: 60, errorRate: 0.01 }),
  ]);
  await using sluice = await startSluice({
    cwd: dir.path,
    env: {
      LISTENER_PORT: "27080",
      LISTENER_TLS_PORT: "27443",
      LISTENER_TLS_CERT: "tls.crt",
      LISTENER_TLS_KEY: "tls.key",
      TARGET_GROUP_1_NAME: "web",
      TARGET_GROUP_1_TARGETS: web.map(({ port }) => `127.0.0.1:${port}`).join(),
      TARGET_GROUP_1_HEALTH_CHECK_ENABLED: "true",
      TARGET_GROUP_1_HEALTH_CHECK_INTERVAL: "5s",
      TARGET_GROUP_2_NAME: "api",
      TARGET_GROUP_2_TARGETS: api.map(({ port }) => `127.0.0.1:${port}`).join(),
      TARGET_GROUP_2_ALGORITHM: "LEAST_CONNECTIONS",
      TARGET_GROUP_2_HEALTH_CHECK_ENABLED: "true",
      TARGET_GROUP_2_HEALTH_CHECK_INTERVAL: "5s",
      LISTENER_RULE_1_PATH_PREFIX: "/",
      LISTENER_RULE_1_TARGET_GROUP: "web",
      LISTENER_RULE_2_PATH_PREFIX: "/api",
      LISTENER_RULE_2_PATH_REWRITE: "/api",
      LISTENER_RULE_2_TARGET_GROUP: "api",
      LISTENER_RULE_3_PATH_PREFIX: "/old",
      LISTENER_RULE_3_REDIRECT: "301 https://#{host}/prices",
    },
  });
  const open = new Set<Promise<void>>();
  const send = (path: string) => {
    const sent = request(sluice.url + path).finally(() => open.delete(sent));
    open.add(sent);
  };
  const traffic = TRAFFIC.map(({ path, perSecond }) => setInterval(send, 1000 / perSecond, path));
  try {
    await Promise.all(PICTURES.map(({ file, ...options }) =>
      withPage(`${sluice.adminUrl}/`, async (page) => {
        await pause(TRAFFIC_MS);
        web[2]!.faults = { ...web[2]!.faults, healthCode: 503 };
        await page.getByText("2 of 3 eligible").waitFor();
        await pause(UNHEALTHY_MS);
        const body = Number(await page.evaluate("document.body.offsetHeight"));
        const { width, height } = options;
        const clip = { x: 0, y: 0, width, height: Math.min(height, body) };
        await page.screenshot({ path: `${folder}/${file}`, clip });
      }, options)
    ));
  } finally {
    traffic.forEach(clearInterval);
    await Promise.all(open);
    CLIENT.close();
    await Promise.all([...web, ...api].map((target) => target.shutdown()));
  }
}

async function request(url: string): Promise<void> {
  const response = await fetch(url, { redirect: "manual", client: CLIENT });
  await response.body?.cancel();
}

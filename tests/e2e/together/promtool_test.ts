import assert from "node:assert/strict";
import { parse } from "yaml";
import { metricsText } from "../../../src/admin/metrics/metrics.ts";
import { FakeAdminSource } from "../../support/fake_admin_source.ts";
import { findProgram, testWithPrograms } from "../../support/have_program.ts";
import { tempDir } from "../../support/temp_dir.ts";

const ALERTS = new URL("../../../deploy/prometheus/alerts.yaml", import.meta.url).pathname;
const DASHBOARD = new URL("../../../deploy/grafana/dashboard.json", import.meta.url);

async function promtool(args: readonly string[], input = ""): Promise<{ code: number; text: string }> {
  const child = new Deno.Command(findProgram("promtool")!, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

testWithPrograms(["promtool"], "promtool finds nothing to say about a scrape, strange names included", async () => {
  const source = new FakeAdminSource({ web: 3, 'a "quoted" \\ name\nin two lines': 1 });
  source.answer(0, 200);
  source.refuse(1);
  const { code, text } = await promtool(["check", "metrics"], await metricsText(source.view(), source.table));
  assert.deepEqual({ code, text }, { code: 0, text: "" });
});

testWithPrograms(["promtool"], "promtool accepts the alert rules", async () => {
  const { code, text } = await promtool(["check", "rules", ALERTS]);
  assert.equal(code, 0, text);
  assert.match(text, /SUCCESS: 15 rules found/);
});

testWithPrograms(["promtool"], "every expression of the Grafana dashboard is valid PromQL", async () => {
  const { panels } = JSON.parse(await Deno.readTextFile(DASHBOARD));
  const expressions: string[] = panels.flatMap(({ targets }: { targets?: { expr: string }[] }) => targets ?? [])
    .map(({ expr }: { expr: string }) => expr.replaceAll("$__rate_interval", "5m"));
  await using dir = await tempDir();
  const file = `${dir.path}/rules.json`;
  // JSON is YAML, and a rule's expression is parsed as a panel's is.
  const rules = expressions.map((expr, index) => ({ record: `panel:${index}`, expr }));
  await Deno.writeTextFile(file, JSON.stringify({ groups: [{ name: "panels", rules }] }));
  const { code, text } = await promtool(["check", "rules", file]);
  assert.equal(code, 0, text);
});

testWithPrograms(["promtool"], "the alerts fire when they should and stay quiet when all is well", async () => {
  await using dir = await tempDir();
  // promtool compares annotations too; what is tested here is when an alert fires, not how it says it.
  const alerts = parse(await Deno.readTextFile(ALERTS));
  for (const rule of alerts.groups[0].rules) delete rule.annotations;
  await Deno.writeTextFile(`${dir.path}/alerts.json`, JSON.stringify(alerts));
  const web = 'target_group="web",instance="a"';
  const series = (name: string, values: string) => ({ series: name, values });
  const alert = (alertname: string, exp_labels: Record<string, string>[]) => ({
    eval_time: "30m",
    alertname,
    exp_alerts: exp_labels.map((exp_labels) => ({ exp_labels })),
  });
  const test = {
    rule_files: ["alerts.json"],
    evaluation_interval: "1m",
    tests: [{
      interval: "1m",
      input_series: [
        series(`sluice_target_group_eligible_targets{${web}}`, "0x60"),
        series('sluice_target_group_eligible_targets{target_group="api",instance="a"}', "2x60"),
        series(`sluice_target_state{${web},target="t1",state="unhealthy"}`, "1x60"),
        series(`sluice_target_state{${web},target="t1",state="ejected"}`, "0x60"),
        series(`sluice_target_state{${web},target="t2",state="unhealthy"}`, "0x60"),
        series('sluice_requests_total{instance="a",status_class="2xx"}', "0+90x60"),
        series('sluice_requests_total{instance="a",status_class="5xx"}', "0+10x60"),
        series('sluice_requests_total{instance="b",status_class="2xx"}', "0+99x60"),
        series('sluice_requests_total{instance="b",status_class="5xx"}', "0+1x60"),
        series(`sluice_dns_failures_total{${web},host="h"}`, "0+2x60"),
        series(`sluice_dns_answers_total{${web},host="h"}`, "5x60"),
        series('sluice_worker_generation{instance="a",worker="0"}', "3x60"),
        series('sluice_worker_generation{instance="a",worker="1"}', "2x60"),
        series('sluice_snapshot_generation{instance="a"}', "3x60"),
        series('up{job="sluice",instance="a"}', "1x60"),
      ],
      alert_rule_test: [
        alert("SluiceGroupWithoutTargets", [{ severity: "critical", target_group: "web", instance: "a" }]),
        alert("SluiceTargetOut", [{ severity: "warning", target_group: "web", target: "t1", instance: "a" }]),
        alert("SluiceErrorRate", [{ severity: "critical", instance: "a" }]),
        alert("SluiceNameNotResolving", [{ severity: "warning", target_group: "web", instance: "a", host: "h" }]),
        alert("SluiceWorkerBehind", [{ severity: "warning", instance: "a", worker: "1" }]),
        alert("SluiceDown", []),
      ],
    }],
  };
  const file = `${dir.path}/test.json`;
  await Deno.writeTextFile(file, JSON.stringify(test));
  const { code, text } = await promtool(["test", "rules", file]);
  assert.equal(code, 0, text);
});

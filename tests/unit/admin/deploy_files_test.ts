import assert from "node:assert/strict";
import { parse } from "yaml";
import { metricsText } from "../../../src/admin/metrics/metrics.ts";
import { FakeAdminSource } from "../../support/fake_admin_source.ts";

/** Every name that a scrape can have, with the labels that it has them with. */
async function exportedNames(): Promise<Map<string, Set<string>>> {
  const source = new FakeAdminSource();
  const text = await metricsText(source.view(), source.table);
  const names = new Map<string, Set<string>>();
  for (const line of text.split("\n")) {
    const match = /^([a-z_]+)(?:\{(.*)\})? /.exec(line);
    if (match === null) continue;
    const labels = [...(match[2] ?? "").matchAll(/([a-z_]+)="/g)].map(([, label]) => label!);
    names.set(match[1]!, new Set(labels));
  }
  return names;
}

/** The metrics that an expression of PromQL names, and the labels it selects them by. */
function namesIn(expression: string): { name: string; labels: string[] }[] {
  return [...expression.matchAll(/\b((?:sluice|process)_[a-z_]+)(?:\{([^}]*)\})?/g)].map(([, name, selector]) => ({
    name: name!,
    labels: [...(selector ?? "").matchAll(/([a-z_]+)\s*(?:=~|!=|!~|=)/g)].map(([, label]) => label!),
  }));
}

async function assertKnown(expressions: readonly string[]): Promise<void> {
  const exported = await exportedNames();
  for (const { name, labels } of expressions.flatMap(namesIn)) {
    const known = exported.get(name);
    assert.ok(known !== undefined, `${name} is not exported`);
    // Prometheus adds instance and job itself.
    for (const label of labels) assert.ok(label === "instance" || known.has(label), `${name} has no label ${label}`);
  }
}

async function panelExpressions(): Promise<string[]> {
  const dashboard = JSON.parse(
    await Deno.readTextFile(new URL("../../../deploy/grafana/dashboard.json", import.meta.url)),
  );
  return [
    ...dashboard.panels.flatMap((panel: { targets?: { expr: string }[] }) => panel.targets ?? [])
      .map(({ expr }: { expr: string }) => expr),
    ...dashboard.templating.list.map(({ definition }: { definition?: string }) => definition ?? ""),
  ];
}

async function alertExpressions(): Promise<string[]> {
  const file = parse(await Deno.readTextFile(new URL("../../../deploy/prometheus/alerts.yaml", import.meta.url)));
  return file.groups.flatMap(({ rules }: { rules: { expr: string }[] }) => rules.map(({ expr }) => expr));
}

Deno.test("every metric and label that the Grafana dashboard asks for is one that sluice exports", async () => {
  const expressions = await panelExpressions();
  assert.ok(expressions.length > 20);
  await assertKnown(expressions);
});

Deno.test("every metric and label that an alert asks for is one that sluice exports", async () => {
  const expressions = await alertExpressions();
  assert.ok(expressions.length > 8);
  await assertKnown(expressions);
});

Deno.test("nearly every metric is on the Grafana dashboard or in an alert", async () => {
  const used = new Set(
    [...await panelExpressions(), ...await alertExpressions()].flatMap(namesIn).map(({ name }) => name),
  );
  const unused = [...(await exportedNames()).keys()].filter((name) =>
    name.startsWith("sluice_") && !used.has(name) && !/_(sum|count)$/.test(name)
  );
  assert.deepEqual(unused, [
    "sluice_requests_received_total",
    "sluice_target_eligible",
    "sluice_target_weight",
    "sluice_target_request_bytes_total",
    "sluice_target_response_bytes_total",
    "sluice_dns_addresses",
    "sluice_dns_last_answer_timestamp_seconds",
    "sluice_config_last_reload_timestamp_seconds",
  ]);
});

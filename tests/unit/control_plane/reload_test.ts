import assert from "node:assert/strict";
import { VARIABLES } from "../../../src/config/variables/variables.ts";
import { type ConfigWithSettings, planReload } from "../../../src/control_plane/reload.ts";
import { configOf, MINIMAL, parseEnvironment } from "../config/parse_with.ts";

function parsed(environment: Record<string, string>): ConfigWithSettings {
  const result = parseEnvironment(environment);
  return { config: configOf(result), settings: result.settings };
}

for (const { name, example, exampleNeeds, restart } of VARIABLES.filter(({ name }) => !name.includes("<N>"))) {
  const when = restart === true ? "waits for the next start" : "is applied at once";
  Deno.test(`a change of ${name} ${when}`, () => {
    const needs = { ...(name.startsWith("BACKEND_") ? {} : MINIMAL), ...exampleNeeds };
    const before = parsed(needs);
    const after = parsed({ ...needs, [name]: example });
    const { applied, changes, waiting } = planReload(before, after);
    assert.deepEqual(applied, restart === true ? { ...before, settings: applied.settings } : after);
    const names = (list: readonly { readonly variable: string }[]) => list.map(({ variable }) => variable);
    assert.ok(names(restart === true ? waiting : changes).includes(name));
    assert.deepEqual(names(restart === true ? changes : waiting), []);
    const shown = (settings: ConfigWithSettings["settings"]) =>
      settings.find(({ variable }) => variable === name)?.value;
    assert.equal(shown(applied.settings), shown((restart === true ? before : after).settings));
  });
}

Deno.test("a reload changes neither engine nor transport, and a later one takes them back", () => {
  const before = parsed(MINIMAL);
  const after = parsed({
    ...MINIMAL,
    LISTENER_ENGINE: "serve",
    LISTENER_IDLE_TIMEOUT: "1s",
    UPSTREAM_TRANSPORT: "fetch",
  });
  const { applied, waiting } = planReload(before, after);
  const { listener } = applied.config;
  assert.deepEqual([listener.front.engine, listener.front.idleTimeoutMs, listener.upstreamTransport], [
    "wire",
    1000,
    "wire",
  ]);
  assert.deepEqual(waiting.map(({ text }) => text).sort(), [
    "LISTENER_ENGINE wire -> serve",
    "UPSTREAM_TRANSPORT wire -> fetch",
  ]);
  assert.deepEqual(planReload(applied, before).waiting, []);
});

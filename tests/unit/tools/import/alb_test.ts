import assert from "node:assert/strict";
import { ImportError } from "../../../../src/tools/import/import_error.ts";
import { ALB_SAMPLES } from "../../../imports/alb_samples.ts";
import { imported } from "../../../imports/imported.ts";
import { filled } from "../../../imports/sample.ts";
import { suiteOfSamples } from "../../../imports/suite.ts";

suiteOfSamples("alb", ALB_SAMPLES, { file: "alb.json", says: () => false });

Deno.test("import alb names the line of a mistake in each document", async () => {
  await assert.rejects(imported("alb", '{"Listeners": []}\n{"Rules": [}\n', { file: "alb.json" }), (error) => {
    assert.ok(error instanceof ImportError);
    assert.match(error.problems[0]!, /^alb\.json:2: /);
    return true;
  });
});

Deno.test("import alb reads the outputs of each call from files of their own", async () => {
  const whole = filled(ALB_SAMPLES[0]!.config);
  const [first, ...others] = whole.split(/\n(?=\{)/);
  const together = await imported("alb", whole, { file: "alb.json" });
  const apart = await imported("alb", Object.fromEntries([first!, ...others].map((text, i) => [`${i}.json`, text])));
  const settings = (text: string) => text.split("\n").filter((line) => !line.startsWith("#"));
  assert.deepEqual(settings(apart.text), settings(together.text));
});

Deno.test("import alb says that a target is missing if no file describes the targets", async () => {
  const arn = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/app/1";
  const text = JSON.stringify({
    Listeners: [{ Protocol: "HTTP", Port: 80, DefaultActions: [{ Type: "forward", TargetGroupArn: arn }] }],
    TargetGroups: [{ TargetGroupArn: arn, TargetGroupName: "app", Port: 80, Protocol: "HTTP" }],
  });
  const { text: env, leftOut } = await imported("alb", text, { file: "alb.json" });
  assert.match(env, /no target is known: give the output of describe-target-health/);
  assert.ok(leftOut > 0);
});

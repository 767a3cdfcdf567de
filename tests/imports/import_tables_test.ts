import assert from "node:assert/strict";
import { ALB_SAMPLES } from "./alb_samples.ts";
import { askOne, parseAsk, type Seen, startTargets } from "./asking.ts";
import { filled, type TabledSample } from "./sample.ts";
import { TRAEFIK_SAMPLES } from "./traefik_samples.ts";
import { runSluice, startSluice } from "../support/sluice_process.ts";
import { tempDir } from "../support/temp_dir.ts";

/** An answer as the tables of the samples write it. */
function written({ status, target, path, location }: Seen): string {
  if (target !== null) return `${target} ${path}`;
  return location === null ? String(status) : `${status} ${location}`;
}

function answersByTable(kind: string, usual: string, samples: readonly TabledSample[]): void {
  for (const sample of samples) {
    Deno.test(`sluice answers by the table what it imports from ${kind}: ${sample.title}`, async () => {
      await using targets = startTargets();
      await using dir = await tempDir();
      const file = sample.file ?? usual;
      await Deno.writeTextFile(`${dir.path}/${file}`, filled(sample.config, { ...targets.places, listen: "8080" }));
      const done = await runSluice(["import", kind, file], {}, { cwd: dir.path });
      assert.ok(done.code === 0 || done.code === 3, done.stderr);
      // Certificates of the samples are files that no machine has.
      const envFileText = done.stdout.replace(/^(LISTENER_TLS_|TARGET_GROUP_\d+_TLS_|ACME_).*$/gm, "");
      await using sluice = await startSluice({ envFileText });
      for (const [ask, answer] of sample.answers) {
        const seen = await askOne(sluice.url, parseAsk(ask));
        assert.equal(written(seen), answer, `${ask}\n${done.stdout}`);
      }
    });
  }
}

answersByTable("traefik", "traefik.yaml", TRAEFIK_SAMPLES);
answersByTable("alb", "alb.json", ALB_SAMPLES);

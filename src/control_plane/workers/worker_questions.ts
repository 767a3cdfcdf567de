import { textInTurns } from "../../admin/in_turns.ts";
import { statsPieces } from "../../admin/stats/stats.ts";
import type { WorkerMessage } from "../../protocol/messages.ts";
import type { Clock } from "../../time/clock.ts";
import type { AdminResponses } from "../admin_responses.ts";
import type { ListenerCertificates } from "../certificates/listener_certificates.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** What a worker asks on behalf of a client. */
type Question = Extract<WorkerMessage, { type: "stats_wanted" | "challenge_wanted" }>;

/** What questions are answered from. */
export interface WorkerQuestionsParts {
  readonly pool: WorkerPool;
  readonly responses: AdminResponses;
  readonly certificates: ListenerCertificates;
  readonly clock: Clock;
}

/** Answers what clients ask on the listener and only the control plane knows. */
export async function answerWorker(question: Question, parts: WorkerQuestionsParts): Promise<void> {
  const { pool, responses, certificates, clock } = parts;
  const { worker, id } = question;
  if (question.type === "stats_wanted") {
    const json = await textInTurns(statsPieces(responses.view(), responses.table, clock.wallMs()));
    pool.post(worker, { type: "stats", id, json });
  } else {
    const text = await certificates.challenge(question.token);
    pool.post(worker, { type: "challenge", id, text });
  }
}

import type { GroupBalancer } from "../../balancing/candidates.ts";
import type { Exchange } from "../chain/exchange.ts";
import type { ExplainBasis, ExplainedCandidate } from "../../views/explanation.ts";
import { hostPort, type TargetSnapshot } from "../../state/group_snapshot.ts";
import { shownState } from "../../state/target_state.ts";
import type { TargetView } from "../../views/system_view.ts";
import type { GroupRuntime } from "../group_runtime.ts";

/** What the group made of a request. */
export interface Choice {
  /** Null where no target is eligible. */
  readonly chosen: TargetSnapshot | null;
  /** Where the client's cookie points. */
  readonly pinned: TargetSnapshot | null;
}

/** Says of every target of a group why it was taken, or why not. */
export function explainCandidates(
  group: GroupRuntime,
  exchange: Exchange,
  { chosen, pinned, basis }: Choice & { readonly basis: ExplainBasis },
): ExplainedCandidate[] {
  const balancer = group.balancerFor(exchange.received);
  const list = balancer.candidates();
  const scores = balancer.scores(group.key(exchange.received));
  const known = basis.groups.find((view) => view.group.name === group.snapshot.name) ?? null;
  const views = known?.targets ?? [];
  const bySlot = new Map(views.map((view) => [view.target.slot, view]));
  return group.snapshot.targets.map((target) => {
    const index = list.targets.indexOf(target);
    const view = bySlot.get(target.slot) ?? null;
    const state = view === null ? "unknown" : shownState(view.state, known!.healthCheck.enabled);
    const but = view?.reason ? `; ${view.reason}` : "";
    return {
      target: addressOf(target),
      eligible: index !== -1,
      state,
      reason: view?.reason ?? null,
      since: view === null ? null : new Date(view.sinceMs).toISOString(),
      score: index === -1 ? "" : scores[index]!,
      why: index === -1
        ? whyNotEligible(state, view)
        : target === chosen
        ? whyChosen(balancer, chosen, pinned)
        : chosen === null
        ? `Eligible, but the request is refused${but}`
        : chosen === pinned
        ? `Eligible, but the client is pinned to another${but}`
        : `Eligible, but ${balancer.group.algorithm} prefers another${but}`,
    };
  });
}

/** Says why the group chose this target, and what for. */
export function whyChosen(balancer: GroupBalancer, chosen: TargetSnapshot, pinned: TargetSnapshot | null): string {
  if (chosen === pinned) return "The client's cookie pins it to this target";
  const { count } = balancer.candidates();
  const open = balancer.failedOpen ? " (none is healthy, and FAIL_OPEN lets all serve)" : "";
  const lost = pinned === null ? "" : `The cookie names ${addressOf(pinned)}, which is not eligible; `;
  if (count === 1) return `${lost}${lost === "" ? "It" : "it"} is the only eligible target${open}`;
  return `${lost}${balancer.group.algorithm} chooses it among ${count} eligible targets${open}: ` +
    balancer.algorithm.choice;
}

/** How a target is named in explanations, decisions and the access log. */
export function addressOf(target: TargetSnapshot): string {
  return hostPort(target.address, target.port);
}

function whyNotEligible(state: string, view: TargetView | null): string {
  const because = view?.reason ? `: ${view.reason}` : "";
  const next = view === null
    ? ""
    : view.ejectedUntilMs !== null
    ? `; back at ${clockTime(view.ejectedUntilMs)} at the latest`
    : view.nextProbeMs !== null
    ? `; next probe at ${clockTime(view.nextProbeMs)}`
    : "";
  return `Not eligible, ${state}${because}${next}`;
}

/** `12:00:05 UTC`. */
function clockTime(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(11, 19)} UTC`;
}

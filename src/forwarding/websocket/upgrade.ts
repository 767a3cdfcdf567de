/**
 * WebSocket through the balancer. `Deno.serve` hands out no raw connection, so bytes can't be copied through: the
 * handshake is made with the target first, by `ws` (which tells a refused handshake's real answer), then with the
 * client, by `Deno.upgradeWebSocket`, and whole messages go from one to the other. What that means for users stands in
 * docs/websocket.md.
 */
import type { TargetSnapshot } from "../../state/group_snapshot.ts";
import type { Clock } from "../../time/clock.ts";
import type { UpgradeConnection } from "./upgrade_connection.ts";
import { handshakeProblem } from "./upgrade_request.ts";
import type { UpgradeFailure } from "./upgrade_target.ts";
import { Tunnel } from "./upgrade_tunnel.ts";
import type { TunnelOptions } from "./upgrade_tunnel_options.ts";

export { isUpgrade, type UpgradeKind, upgradeKind } from "./upgrade_request.ts";
export type { UpgradeFailure } from "./upgrade_target.ts";
export type { LeftFirst, TunnelOutcome } from "./upgrade_tunnel_options.ts";

/** Where a WebSocket request goes. */
export interface UpgradeUpstream {
  readonly target: TargetSnapshot;
  /** Forwarded path and query, sent as they are. */
  readonly path: string;
  /** Prepared for the target: hop-by-hop headers gone; `Host`, `Via` and the X-Forwarded family in. */
  readonly headers: readonly (readonly [string, string])[];
}

export interface UpgradeOptions extends Omit<TunnelOptions, "clock" | "told"> {
  readonly clock: Clock;
  /** The connection that the handshake makes, not begun. */
  readonly connection: UpgradeConnection;
  /** From now until the target's answer to the handshake. */
  readonly handshakeTimeoutMs: number;
  /** For the connection to the target, TLS included. */
  readonly connectTimeoutMs: number;
  /** Ends a handshake that is under way as `shutting_down`. */
  readonly cut?: AbortSignal;
  /**
   * Called when the tunnel stands, before the client is told: from then on `info.completed` of `Deno.serve` says
   * nothing.
   */
  onAccepted?(): void;
}

/** What came of a WebSocket request. */
export type UpgradeResult =
  /** The tunnel stands as soon as `Deno.serve` gets `response`; `onClosed` tells its end. */
  | { readonly kind: "upgraded"; readonly response: Response; close(code: number, reason: string): void; cut(): void }
  /** The target answered in HTTP: status, headers and body as they came. */
  | { readonly kind: "answered"; readonly response: Response }
  /** The client's handshake is malformed (400) or of another version (426); no target was asked. */
  | {
    readonly kind: "malformed";
    readonly status: 400 | 426;
    readonly headers: [string, string][];
    readonly detail: string;
  }
  /** Neither; the client was told nothing yet, so another target may be tried. */
  | { readonly kind: "failed"; readonly failure: UpgradeFailure; readonly detail: string };

/** Forwards a WebSocket request to a target. `onClosed` is called once where the result is `upgraded`, else never. */
export async function forwardUpgrade(
  request: Request,
  upstream: UpgradeUpstream,
  options: UpgradeOptions,
): Promise<UpgradeResult> {
  const problem = handshakeProblem(request.headers);
  if (problem !== null) {
    // RFC 6455 section 4.4: say which version is spoken; RFC 9110 section 15.5.22: a 426 says in Upgrade what is
    // wanted.
    const headers: [string, string][] = problem.status === 426
      ? [["sec-websocket-version", "13"], ["connection", "upgrade"], ["upgrade", "websocket"]]
      : [];
    return { kind: "malformed", status: problem.status, headers, detail: problem.detail };
  }
  // Loaded by the first WebSocket: `ws` and the parts of Node that it needs are memory that others need not pay for.
  const { shakeHands } = await import("./upgrade_target.ts");
  const handshake = await shakeHands(upstream, {
    timeoutMs: options.handshakeTimeoutMs,
    connectTimeoutMs: options.connectTimeoutMs,
    clock: options.clock,
    connection: options.connection,
    signal: request.signal,
    cut: options.cut,
  });
  if (handshake.kind !== "accepted") return handshake;
  let tunnel: Tunnel;
  try {
    tunnel = new Tunnel(request, handshake.socket, { ...options, told: handshake.told });
  } catch (error) {
    // The platform would not have the client's handshake; the target's end of it has nobody else to close it.
    handshake.socket.terminate();
    throw error;
  }
  options.onAccepted?.();
  const { response } = tunnel.client;
  return {
    kind: "upgraded",
    response,
    close: (code, reason) => tunnel.close(code, reason),
    cut: () => tunnel.cut(),
  };
}

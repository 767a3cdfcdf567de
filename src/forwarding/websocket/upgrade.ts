/**
 * WebSocket through the balancer. `Deno.serve` does not expose its connections, so bytes can't be copied through.
 * Instead sluice makes a handshake with the target first, by `ws` (which reports the response to a refused handshake),
 * then with the client, by `Deno.upgradeWebSocket`, and passes whole messages from one to the other. docs/websocket.md
 * says what that means for users.
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
  /** The target's: without hop-by-hop headers, with `Host`, `Via` and the X-Forwarded family. */
  readonly headers: readonly (readonly [string, string])[];
}

export interface UpgradeOptions extends Omit<TunnelOptions, "clock" | "told"> {
  readonly clock: Clock;
  /** Times and counts the connection to the target; not begun. */
  readonly connection: UpgradeConnection;
  /** From now until the target's response to the handshake. */
  readonly handshakeTimeoutMs: number;
  /** For the connection to the target, TLS included. */
  readonly connectTimeoutMs: number;
  /** Ends an open handshake as `shutting_down`. */
  readonly cut?: AbortSignal;
  /**
   * Called when the target has accepted, before the client's 101: from then on `info.completed` of `Deno.serve` settles
   * without meaning.
   */
  onAccepted?(): void;
}

/** The result of a WebSocket request. */
export type UpgradeResult =
  /** The tunnel opens when `Deno.serve` gets `response`; `onClosed` reports its end. */
  | { readonly kind: "upgraded"; readonly response: Response; close(code: number, reason: string): void; cut(): void }
  /** The target responded in HTTP: status, headers and body as they came. */
  | { readonly kind: "answered"; readonly response: Response }
  /** The client's handshake is malformed (400) or of another version (426); it was sent to no target. */
  | {
    readonly kind: "malformed";
    readonly status: 400 | 426;
    readonly headers: [string, string][];
    readonly detail: string;
  }
  /** None of these; the client has no response yet, so another target may be tried. */
  | { readonly kind: "failed"; readonly failure: UpgradeFailure; readonly detail: string };

/** Forwards a WebSocket request to a target. `onClosed` is called once if the result is `upgraded`, else never. */
export async function forwardUpgrade(
  request: Request,
  upstream: UpgradeUpstream,
  options: UpgradeOptions,
): Promise<UpgradeResult> {
  const problem = handshakeProblem(request.headers);
  if (problem !== null) {
    // RFC 6455 section 4.4: name the supported version; RFC 9110 section 15.5.22: a 426 has an Upgrade header.
    const headers: [string, string][] = problem.status === 426
      ? [["sec-websocket-version", "13"], ["connection", "upgrade"], ["upgrade", "websocket"]]
      : [];
    return { kind: "malformed", status: problem.status, headers, detail: problem.detail };
  }
  // Loaded for the first WebSocket: `ws` and the parts of Node that it needs take memory that others can save.
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
    // The platform refused the client's handshake; nothing else would close the target's socket.
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

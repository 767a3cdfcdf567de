import { createHmac } from "node:crypto";
import type { StickinessConfig } from "../config/model.ts";
import { type GroupSnapshot, targetKey, type TargetSnapshot } from "../state/group_snapshot.ts";
import { cookieValue, nextCookie } from "./cookies.ts";

/**
 * Pins clients of one group to their targets by a cookie. Its value is base64url(HMAC-SHA256(secret, group NUL
 * target)): it shows no address, only who has the secret can make one, and every replica with the same secret makes the
 * same. All values are made when a snapshot is applied; a request costs one search of its Cookie header and one lookup.
 *
 * A client can keep or drop its own cookie, or use another client's, and so choose among targets that the balancer has
 * given to clients. It can't name a target for which no cookie was issued.
 */
export class Stickiness {
  readonly #cookieName: string;
  readonly #targets = new Map<string, TargetSnapshot>();
  readonly #setCookies = new Map<TargetSnapshot, string>();

  /** @param stickiness With a secret. */
  constructor(group: Pick<GroupSnapshot, "name" | "targets">, { cookieName, ttlMs, secret }: StickinessConfig) {
    if (secret === null) throw new TypeError(`Cannot pin clients of group "${group.name}": it has no secret`);
    this.#cookieName = cookieName;
    const maxAge = ttlMs > 0 ? `; Max-Age=${Math.ceil(ttlMs / 1000)}` : "";
    for (const target of group.targets) {
      const value = createHmac("sha256", secret).update(`${group.name}\0${targetKey(target)}`).digest(
        "base64url",
      );
      if (!this.#targets.has(value)) this.#targets.set(value, target);
      this.#setCookies.set(target, `${cookieName}=${value}; Path=/${maxAge}; HttpOnly; SameSite=Lax`);
    }
  }

  /** The target that a Cookie header pins its client to, eligible or not; null if it names none of the group's. */
  pinned(cookieHeader: string | null): TargetSnapshot | null {
    if (cookieHeader === null) return null;
    let start = nextCookie(cookieHeader, this.#cookieName, 0);
    while (start !== -1) {
      // Several of that name may come (another path, a stale one): the first that is ours counts.
      const target = this.#targets.get(cookieValue(cookieHeader, start));
      if (target !== undefined) return target;
      start = nextCookie(cookieHeader, this.#cookieName, start);
    }
    return null;
  }

  /**
   * Returns the Set-Cookie value that pins a client to one of the group's targets, for a response of a target that was
   * not `pinned`. @param secure The client came by TLS, so its browser must not send the cookie without.
   */
  setCookie(target: TargetSnapshot, secure: boolean): string {
    const cookie = this.#setCookies.get(target)!;
    return secure ? `${cookie}; Secure` : cookie;
  }
}

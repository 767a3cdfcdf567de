import { hostPort, type TargetSnapshot } from "./group_snapshot.ts";
import { ownText } from "./own_text.ts";

/**
 * Texts of targets that every request needs, made once for each target. A text that is put together anew is one that
 * V8 has to copy before its first character can be read.
 */
const HOSTS = new WeakMap<TargetSnapshot, string>();
const ADDRESSES = new WeakMap<TargetSnapshot, string>();

/** Gives a target's `host:port`, as its requests' Host says it. */
export function hostOf(target: TargetSnapshot): string {
  return HOSTS.get(target) ?? known(HOSTS, target, hostPort(target.host, target.port));
}

/** Gives a target's `address:port`. */
export function addressOf(target: TargetSnapshot): string {
  return ADDRESSES.get(target) ?? known(ADDRESSES, target, hostPort(target.address, target.port));
}

function known(texts: WeakMap<TargetSnapshot, string>, target: TargetSnapshot, text: string): string {
  const flat = ownText(text, text.length);
  texts.set(target, flat);
  return flat;
}

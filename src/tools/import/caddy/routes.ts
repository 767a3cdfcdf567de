import type { Origin } from "../output/imported.ts";

/** One matcher of a route: `path`, and what it asks for as Caddy's JSON has it. */
export interface CaddyMatcher {
  readonly name: string;
  readonly value: unknown;
  readonly origin: Origin;
}

/** One handler of a route, with its fields as Caddy's JSON has them. */
export interface CaddyHandler {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly origin: Origin;
  /** Where a field stands, if that is another line. */
  readonly places: Readonly<Record<string, Origin>>;
  /** The routes of a `subroute`. */
  readonly routes: readonly CaddyRoute[];
}

/** One route. Of its sets of matchers one must fit as a whole; without a set it takes every request. */
export interface CaddyRoute {
  readonly origin: Origin;
  readonly sets: readonly (readonly CaddyMatcher[])[];
  readonly handlers: readonly CaddyHandler[];
}

/** A server of Caddy's: its addresses and routes. */
export interface CaddyServer {
  readonly origin: Origin;
  readonly listens: readonly {
    readonly host: string;
    readonly port: number;
    readonly tls: boolean;
    readonly origin: Origin;
  }[];
  readonly routes: readonly CaddyRoute[];
}

/** Where a field of a handler stands. */
export function placeOf(handler: CaddyHandler, field: string): Origin {
  return handler.places[field] ?? handler.origin;
}

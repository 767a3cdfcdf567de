import type { HeaderSettings } from "../../forwarding/headers/header_settings.ts";
import type { ActionRequest } from "../../rules/actions/action.ts";
import type { Received } from "./exchange.ts";
import { clientOrigin } from "./location_rewrite.ts";

/** A request as its rule's conditions and action see it. */
export class RuleQuestion implements ActionRequest {
  readonly #received: Received;
  readonly #settings: HeaderSettings;

  constructor(received: Received, settings: HeaderSettings) {
    this.#received = received;
    this.#settings = settings;
  }

  get method(): string {
    return this.#received.method;
  }

  get host(): string {
    return this.#received.host;
  }

  get path(): string {
    return this.#received.path;
  }

  get query(): string {
    return this.#received.query;
  }

  get listenerPort(): number {
    return Number(this.#settings.listenerPort);
  }

  get clientAddress(): string {
    const { trusted } = this.#settings;
    const { peer } = this.#received;
    return trusted.trusts(peer) ? trusted.clientAddress(peer, this.#received.header("x-forwarded-for")) : peer;
  }

  get protocol(): "http" | "https" {
    return clientOrigin(this.#received, this.#settings).scheme;
  }

  headerLines(name: string): readonly string[] {
    const { lines } = this.#received;
    const values: string[] = [];
    if (lines === null) return values;
    for (let line = 0; line < lines.count; line++) {
      if (lines.name(line) === name) values.push(lines.value(line));
    }
    return !lines.joined || name === "cookie" ? values : values.flatMap(withElements);
  }
}

/**
 * The platform joins the lines of a name by a comma. They can't be told from one line that holds commas, so the whole
 * counts as a line, and each of its elements too (RFC 9110 section 5.3 makes both mean the same).
 */
function withElements(value: string): string[] {
  return value.includes(",") ? [value, ...value.split(",").map((each) => each.trim())] : [value];
}

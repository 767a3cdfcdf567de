import type { CloseCause } from "../state/client_column.ts";
import type { Listed } from "./wire/connection_list.ts";
import type { Sheddable } from "./wire/shedding.ts";

/** A client's connection, whatever HTTP it speaks, as the front that accepted it sees it. */
export interface OpenConnection extends Sheddable, Listed {
  /** Address of the client. */
  readonly peer: string;
  /** It is counted among its client's connections. */
  admitted: boolean;
  /** Has the client send its next requests elsewhere. */
  sendAway(): void;
  /** Closes it at once. @param cause Why, unless another cause was settled before. */
  close(cause: CloseCause | null): void;
}

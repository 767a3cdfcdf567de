import type { Bytes } from "../../http1/bytes.ts";
import { Lending } from "../../http1/lending.ts";

/** Room for what a target sends in one read: most heads with their small bodies fit. */
const ANSWER_BYTES = 16_384;
/** Room for a read that is likely to wait, of which there may be thousands: a head fits. */
const PATIENT_BYTES = 1_024;
/** Room for a request's head, and a small body behind it. */
const REQUEST_BYTES = 8_192;

/** Bytes of room for one large read of a body, unless the caller wants another size. */
const LARGE_BYTES = 65_536;

/**
 * Rooms of one thread, lent to connections while they are at work. The one given back last is lent first: so as many
 * are in use as there are requests under way, warm in the processor's caches, however many connections there are.
 */
export class WireRooms {
  readonly requests = new Lending<Bytes>(() => new Uint8Array(REQUEST_BYTES));
  readonly answers = new Lending<Bytes>(() => new Uint8Array(ANSWER_BYTES));
  readonly patient = new Lending<Bytes>(() => new Uint8Array(PATIENT_BYTES));
  /** Rooms for large reads of bodies. */
  readonly large: Lending<Bytes>;

  constructor(largeBytes = LARGE_BYTES) {
    this.large = new Lending<Bytes>(() => new Uint8Array(largeBytes));
  }

  /** Frees those that were not needed since the last call: a moment of many requests holds no memory for long. */
  trim(): void {
    this.requests.trim();
    this.answers.trim();
    this.patient.trim();
    this.large.trim();
  }
}

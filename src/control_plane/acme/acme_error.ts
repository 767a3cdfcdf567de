/** Most characters of what a directory says that are shown. */
const MOST_CHARS = 500;

/** Why an order got no further, in words. */
export class AcmeError extends Error {
  /** The problem's type without its prefix (`rateLimited`), if the directory told one. */
  readonly type: string | null;
  /** When to come back, ms from now; null if the directory did not say. */
  readonly retryAfterMs: number | null;

  constructor(
    message: string,
    { type = null, retryAfterMs = null }: Partial<Pick<AcmeError, "type" | "retryAfterMs">> = {},
  ) {
    super(message.length > MOST_CHARS ? `${message.slice(0, MOST_CHARS)}...` : message);
    this.type = type;
    this.retryAfterMs = retryAfterMs;
  }
}

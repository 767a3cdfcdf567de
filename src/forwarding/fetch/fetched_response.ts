import { Framing } from "../../http1/framing.ts";
import { Malformed } from "../../http1/malformed.ts";
import { Failure } from "../gateway_error.ts";

/**
 * Refuses a response of `fetch` that can't be passed on as what it is: its parser lets more through than sluice's own, and hides
 * the version. Throws a `Failure`.
 */
export function checkFetched(response: Response): Response {
  const { status, headers } = response;
  const framing = new Framing(1);
  const coding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  try {
    if (status < 200 || status > 599) throw new Malformed(`sent the status ${status}`);
    if (coding !== null) framing.readCoding(coding);
    if (length !== null) framing.readLength(length);
    framing.check();
    return response;
  } catch (error) {
    response.body?.cancel().catch(() => {});
    throw error instanceof Malformed ? new Failure("bad_response", `The target ${error.message}`) : error;
  }
}

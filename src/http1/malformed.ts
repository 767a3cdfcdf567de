/**
 * Says what is wrong with a message. What is ambiguous is wrong (RFC 9112 section 11.1). The text follows the name of
 * the sender: "The target" + "sent a bare CR in its head".
 */
export class Malformed extends Error {
  override readonly name = "Malformed";
}

/**
 * Says that a header block cannot be decoded. The dynamic table may then differ from the client's, so the connection
 * must end with COMPRESSION_ERROR (RFC 9113 section 4.3).
 */
export class CompressionError extends Error {
  override readonly name = "CompressionError";
}

/**
 * Lets go of a piece's memory now rather than when garbage is collected next: V8 waits for some 70 MB of buffers before
 * it collects, which a large body or the access lines of a worker would fill. Only for a piece that the platform has
 * taken over (it holds on to the bytes by itself, and takes each piece before it asks for the next) or has done with,
 * and that nobody here will look at again.
 */
export function letGo(piece: Uint8Array<ArrayBuffer>): void {
  piece.buffer.transfer(0);
}

/** Bytes as the platform's reads fill them. */
export type Bytes = Uint8Array<ArrayBuffer>;

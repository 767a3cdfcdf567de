/** What the configuration needs to know about an algorithm; the entries of the algorithms' registry have it. */
export interface KnownAlgorithm {
  readonly name: string;
  readonly aliases: readonly string[];
  /** Every target needs a weight. */
  readonly requiresWeights?: boolean;
  /** The choice depends on weights. */
  readonly usesWeights?: boolean;
  /** The choice depends on HASH_KEY. */
  readonly usesKey?: boolean;
  /** Its groups have stickiness. */
  readonly sticky?: boolean;
}

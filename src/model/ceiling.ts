export type SizedSegment = { readonly sizeBytes: number; readonly durationSeconds: number };

export type CeilingBreach = {
  readonly segment: number;
  readonly segments: number;
  readonly kbits: number;
  readonly seconds: number;
  readonly allowedKbits: number;
};

/**
 * The ladder's promise to players: no segment, and no two neighbours, above maxrate × duration + bufsize. Two are enough: the encoder was given
 * half of the buffer, so only a join of two chunks, each with its buffer full, can come near. `largestShare` is 1 at the ceiling.
 */
export function checkCeiling(
  segments: readonly SizedSegment[],
  limits: { readonly maxrateKbps: number; readonly bufsizeKbit: number },
): { largestShare: number; breach: CeilingBreach | null } {
  let largestShare = 0;
  let breach: CeilingBreach | null = null;
  for (let i = 0; i < segments.length; i++) {
    for (const stretch of [segments.slice(i, i + 1), segments.slice(i, i + 2)]) {
      const kbits = stretch.reduce((sum, segment) => sum + segment.sizeBytes * 8, 0) / 1000;
      const seconds = stretch.reduce((sum, segment) => sum + segment.durationSeconds, 0);
      const allowedKbits = limits.maxrateKbps * seconds + limits.bufsizeKbit;
      largestShare = Math.max(largestShare, kbits / allowedKbits);
      if (kbits > allowedKbits) breach ??= { segment: i, segments: stretch.length, kbits, seconds, allowedKbits };
    }
  }
  return { largestShare, breach };
}

/** The breach in words, as the end of a sentence that says where. */
export function breachMessage({ segments, kbits, seconds, allowedKbits }: CeilingBreach): string {
  const what = segments === 1 ? 'the segment has' : 'the segment and the next one have';
  return `${what} ${Math.round(kbits)} kbit in ${seconds.toFixed(3)} s where ${Math.round(allowedKbits)} are allowed`;
}

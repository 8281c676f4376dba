import type { PlannedRung } from '../../model/ladder.ts';

export type SizedSegment = { readonly sizeBytes: number; readonly durationSeconds: number };

/**
 * The first stretch of one or two neighbouring segments above maxrate × duration + bufsize, or null. Two neighbours are enough: the encoder was given half of
 * the buffer, so only a join of two chunks, each with its buffer full, can come near the ceiling.
 */
export function findCeilingBreach(
  segments: readonly SizedSegment[],
  rung: Pick<PlannedRung, 'maxrateKbps' | 'bufsizeKbit'>,
): { segment: number; kbits: number; allowedKbits: number } | null {
  const breach = (from: number, to: number) => {
    const stretch = segments.slice(from, to);
    const kbits = stretch.reduce((sum, segment) => sum + segment.sizeBytes * 8, 0) / 1000;
    const allowedKbits = rung.maxrateKbps * stretch.reduce((sum, segment) => sum + segment.durationSeconds, 0) + rung.bufsizeKbit;
    return kbits > allowedKbits ? { segment: from, kbits, allowedKbits } : null;
  };
  for (let i = 0; i < segments.length; i++) {
    const found = breach(i, i + 1) ?? (i > 0 ? breach(i - 1, i + 1) : null);
    if (found) return found;
  }
  return null;
}

import type { Finding } from '../../model/finding.ts';
import type { SourceFacts } from '../../model/source.ts';

/** A stretch of the picture track that starts at a frame a decoder can start at. Times are ticks of the track's time base. */
export type ScanRange = {
  readonly index: number;
  /** Null: from the very first picture. */
  readonly startPtsTicks: number | null;
  /** Null: to the last picture. */
  readonly endPtsTicks: number | null;
  /** Pictures the container lists in the range, and a checksum over their times. */
  readonly packetCount: number;
  readonly ptsChecksum: string;
  /** Times of the pictures in the range that a decoder can start at, ascending. */
  readonly keyPtsTicks: readonly number[];
};

/** What the container says about the picture track, learned without decoding it. Stored as JSON under `inspectionKeys.scan`. */
export type SourceScan = {
  readonly version: 1;
  readonly id: string;
  readonly facts: SourceFacts;
  /** `packets`: decoded frames are held to the container's list. `decoding`: that list cannot be trusted; what decodes is the truth. */
  readonly indexing: 'packets' | 'decoding';
  /** Earliest and latest listed picture; null when unknown. `durationTicks` is 0 when the container does not say. */
  readonly first: { readonly ptsTicks: number } | null;
  readonly last: { readonly ptsTicks: number; readonly durationTicks: number } | null;
  readonly ranges: readonly ScanRange[];
  readonly findings: readonly Finding[];
};

import type { ByteSource } from './byte-source.ts';

/** One access unit as a file describes it. Times are on the media timeline of its track: before edit lists. */
export type Sample = {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly dtsTicks: number;
  readonly ptsTicks: number;
  readonly durationTicks: number;
  readonly isSync: boolean;
};

/** Samples that lie side by side in one source, in decode order. */
export type Extent = {
  readonly source: ByteSource;
  readonly startBytes: number;
  readonly sampleCount: number;
};

/** What a writer needs of one track, in decode order and column by column: 12 bytes a sample, however long the title. */
export type TrackSamples = {
  readonly sizesBytes: Uint32Array;
  /** Decode time to the next sample. */
  readonly durationsTicks: Uint32Array;
  /** Presentation minus decode time; null: zero for all. */
  readonly compositionOffsetsTicks: Uint32Array | null;
  /** Ascending sample numbers from zero; null: all. */
  readonly syncSamples: Uint32Array | null;
  /** Where the payload lies; their sample counts add up to all. */
  readonly extents: readonly Extent[];
};

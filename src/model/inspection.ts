import { createHash } from 'node:crypto';
import type { TimeBase } from '../media/time.ts';
import type { Finding } from './finding.ts';
import { INDEX_VERSION } from './frame-index.ts';
import type { Shot } from './shot.ts';
import type { SourceFacts } from './source.ts';

export type FrameStretch = { readonly startFrame: number; readonly endFrameExclusive: number };

export type AudioInspection = {
  readonly streamIndex: number;
  readonly sampleRate: number;
  /** Decoded samples per channel, after the container's own trimming. */
  readonly sampleCount: number;
  /** Presentation time of the first decoded sample on the source's clock. */
  readonly startSeconds: number;
  /** Times jump inside the track (lost packets): samples must be placed by time, not by count. */
  readonly hasGaps: boolean;
  /** Channels or sampling rate change on the way: whoever decodes it whole needs an even copy. The rest is told of such a copy. */
  readonly changesForm?: true;
  /** EBU R 128 integrated loudness; null for silence. */
  readonly loudnessLufs: number | null;
  readonly loudnessRangeLu: number | null;
};

/** What inspection leaves beside the frame index: small, JSON. */
export type Inspection = {
  readonly version: 1;
  readonly id: string;
  readonly facts: SourceFacts;
  readonly frameCount: number;
  readonly timeBase: TimeBase;
  readonly firstPtsTicks: number;
  /** Presentation time at which the last frame ends. */
  readonly endPtsTicks: number;
  /** Frames a decoder can start at, ascending. */
  readonly keyFrames: readonly number[];
  readonly shots: readonly Shot[];
  readonly black: readonly FrameStretch[];
  readonly frozen: readonly FrameStretch[];
  /** Where the decoder reports errors; whole groups of pictures. */
  readonly damaged: readonly FrameStretch[];
  /** Picture without black bars, in source pixels; null when there are none. */
  readonly crop: { readonly xPx: number; readonly yPx: number; readonly widthPx: number; readonly heightPx: number } | null;
  readonly audio: readonly AudioInspection[];
  readonly thumbnails: { readonly intervalSeconds: number; readonly widthPx: number; readonly heightPx: number; readonly frames: readonly number[] };
  readonly findings: readonly Finding[];
};

/** Grows when inspection finds other things in the same source. */
const INSPECTION_VERSION = 5;

/** Identity of an inspection: 24 hex digits over the source's bytes, the decoder build and the versions of what is written. */
export function inspectionIdOf(sourceSha256: string, decoderBuild: string): string {
  return createHash('sha256').update([sourceSha256, decoderBuild, INDEX_VERSION, INSPECTION_VERSION].join(' ')).digest('hex').slice(0, 24);
}

/** Where inspection keeps its objects. `id` is a hash over the source's bytes, the decoder build and the index version. */
export const inspectionKeys = {
  scan: (id: string) => `inspect/${id}/scan.json`,
  range: (id: string, index: number) => `inspect/${id}/range-${String(index).padStart(5, '0')}.bin`,
  audio: (id: string, streamIndex: number) => `inspect/${id}/audio-${streamIndex}.json`,
  index: (id: string) => `inspect/${id}/index.bin`,
  /** JPEG pictures, one after the other, in the order of `thumbnails.frames`. */
  thumbnails: (id: string) => `inspect/${id}/thumbnails.mjpeg`,
  summary: (id: string) => `inspect/${id}/inspection.json`,
};

import type { VideoRange } from '../hdr.ts';
import type { TrackRole } from './role.ts';

/** One segment of a single-file CMAF track: an `moof` + `mdat` pair, starting at a sync sample. */
export type CmafSegment = {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** Presentation time of its first sample, ticks of the track's timescale on the title's timeline (zero = start of the title). */
  readonly startTicks: number;
  readonly durationTicks: number;
  /** Decode time of its first sample, as its `tfdt` says; 0 for the first segment. Some HLS players place segments by it alone. */
  readonly decodeTicks: number;
};

/** A single-file CMAF track as the manifests see it: `ftyp moov | sidx | (moof mdat)*`. */
export type CmafTrack = {
  /** Unique in the package, `[a-z0-9-]{1,32}`. */
  readonly name: string;
  /** File name inside the package folder. */
  readonly file: string;
  readonly kind: 'video' | 'audio';
  /** RFC 6381 string, e.g. `avc1.640028`, `mp4a.40.2`. */
  readonly codec: string;
  readonly timescale: number;
  /** `ftyp` + `moov`. */
  readonly initRange: { readonly start: number; readonly endExclusive: number };
  readonly indexRange: { readonly start: number; readonly endExclusive: number };
  readonly segments: readonly CmafSegment[];
  readonly sizeBytes: number;
  readonly widthPx?: number;
  readonly heightPx?: number;
  readonly frameCount?: number;
  /** Of HDR pictures only. */
  readonly videoRange?: VideoRange;
  readonly language?: string;
  readonly title?: string;
  readonly isDefault?: boolean;
  readonly role?: TrackRole;
  readonly channels?: number;
  readonly sampleRate?: number;
};

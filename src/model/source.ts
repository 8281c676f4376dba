import type { TrackRole } from '../media/cmaf/role.ts';
import type { LightFacts } from '../media/hdr.ts';
import type { TimeBase } from '../media/time.ts';

/** What identifies the delivered bytes. `modifiedNs` and `inode` only tell cheaply that nothing changed; `sha256` is the identity. */
export type SourceSeal = {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly modifiedNs: string;
  readonly inode: string;
};

/** What can be seen of a file without reading it. */
export type FileSight = Pick<SourceSeal, 'path' | 'sizeBytes' | 'modifiedNs' | 'inode'>;

/** True when the file still looks as it did when it was sealed; contents are not read. */
export function looksUnchanged(sight: FileSight, seal: FileSight): boolean {
  return sight.path === seal.path && sight.sizeBytes === seal.sizeBytes && sight.modifiedNs === seal.modifiedNs && sight.inode === seal.inode;
}

export type ColorFacts = {
  readonly primaries: string;
  readonly transfer: string;
  readonly matrix: string;
  readonly range: 'tv' | 'pc';
};

/** PQ or HLG: values that an ordinary display shows right only after tone mapping. */
export function isHdr(color: ColorFacts): boolean {
  return color.transfer === 'smpte2084' || color.transfer === 'arib-std-b67';
}

/** Primaries that reach beyond those of BT.709: shown as such, their colours would be pale. PQ and HLG are told by `isHdr`. */
export function isWide(color: ColorFacts): boolean {
  return !isHdr(color) && ['bt2020', 'smpte431', 'smpte432'].includes(color.primaries);
}

export type VideoTrack = {
  readonly streamIndex: number;
  readonly codec: string;
  readonly profile: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly pixelFormat: string;
  readonly bitDepth: number;
  readonly timeBase: TimeBase;
  /** Pictures of another size, sampling or shape of pixels come in mid-film. Known when all are decoded; false before. */
  readonly changesSize: boolean;
  /** Width to height of one pixel; 1:1 when unknown. */
  readonly sampleAspect: { readonly num: number; readonly den: number };
  /** Clockwise turn a player applies to show the picture upright. */
  readonly rotationDegrees: 0 | 90 | 180 | 270;
  /** The picture is stored upside down as in a mirror: a player turns it over, lines from bottom to top, before it applies the turn. */
  readonly isMirrored: boolean;
  readonly color: ColorFacts;
  /** What an HDR picture says of the display it was made on; null: nothing. */
  readonly light: LightFacts | null;
  readonly fieldOrder: 'progressive' | 'interlaced';
  /** Average frames per second as the container states it; only for estimates. */
  readonly nominalFps: number;
};

export type AudioTrack = {
  readonly streamIndex: number;
  readonly codec: string;
  readonly channels: number;
  readonly channelLayout: string;
  readonly sampleRate: number;
  /** BCP 47 or ISO 639-2 as delivered; `und` when unknown. */
  readonly language: string;
  readonly title: string;
  readonly isDefault: boolean;
  readonly role?: TrackRole;
  /** Presentation time of the first decoded sample, seconds on the source's own clock. */
  readonly startSeconds: number;
};

export type TextTrack = {
  readonly streamIndex: number;
  readonly codec: string;
  readonly language: string;
  readonly title: string;
  readonly isDefault: boolean;
  readonly isForced: boolean;
  readonly role?: TrackRole;
};

export type Chapter = { readonly startSeconds: number; readonly endSeconds: number; readonly title: string };

export type SourceFacts = {
  readonly container: string;
  readonly durationSeconds: number;
  readonly title: string;
  /** The track that is encoded: of the real (not attached) picture tracks the one marked as default, else the largest. */
  readonly video: VideoTrack | null;
  /** Further picture tracks, reported and left alone. */
  readonly otherVideo: readonly VideoTrack[];
  readonly audio: readonly AudioTrack[];
  readonly text: readonly TextTrack[];
  readonly chapters: readonly Chapter[];
};

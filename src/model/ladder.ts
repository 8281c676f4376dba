import type { HdrColor } from '../media/hdr.ts';

/** One line of the ladder. The rung fits the picture into a box of `boxPx * 16 / 9` by `boxPx` (turned for portrait). */
export type Rung = {
  /** Unique in the ladder; also the file name without extension, e.g. `1080p`. `[a-z0-9-]{1,32}`. */
  readonly name: string;
  readonly container: 'mp4' | 'm4v';
  readonly codec: 'h264' | 'h265' | 'av1';
  readonly boxPx: number;
  /** Constant rate factor of the encoder. */
  readonly crf: number;
  /** Ceiling of the coded video, thousand bits per second. */
  readonly maxrateKbps: number;
  /** The promise made to players: no stretch of segments exceeds maxrate × duration + bufsize. The encoder is given half of it, so joins keep it too. */
  readonly bufsizeKbit: number;
  readonly preset: string;
  /** Keeps the colours and the light of an HDR source, with 10 bits; made of HDR sources only. Missing: SDR, tone-mapped where the source is HDR. */
  readonly hdr?: boolean;
};

export type Ladder = {
  readonly rungs: readonly Rung[];
  readonly audioKbpsPerChannel: number;
  /** Integrated loudness that every sound track is brought to (EBU R 128); missing: sound keeps its own. */
  readonly loudnessLufs?: number;
};

/** A rung as it applies to one source: sizes are decided, the recipe is fixed. */
export type PlannedRung = Rung & {
  /** Even, square pixels. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Set when this rung carries the encoded pictures of another one (an `m4v` beside its `mp4`). */
  readonly picturesFrom: string | null;
  /** What the pictures of an HDR rung say of themselves: the source's transfer characteristics and light. */
  readonly hdrColor?: HdrColor;
};

/** The ffmpeg encoder that makes each codec. */
export const ENCODER_OF_CODEC = { h264: 'libx264', h265: 'libx265', av1: 'libsvtav1' } as const satisfies { readonly [codec in Rung['codec']]: string };

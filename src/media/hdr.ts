/** How HLS names the transfer characteristics of an HDR picture (draft-pantos-hls-rfc8216bis, VIDEO-RANGE). */
export type VideoRange = 'PQ' | 'HLG';

/** Code points of ISO/IEC 23091-2: transfer characteristics of SMPTE ST 2084 and of HLG, primaries and matrix of BT.2020. */
export const TRANSFER_CODES = { PQ: 16, HLG: 18 } as const satisfies { readonly [range in VideoRange]: number };
export const BT2020_PRIMARIES_CODE = 9;
export const BT2020_MATRIX_CODE = 9;

/** The HDR range that a code point of transfer characteristics stands for; null: it is none. */
export function rangeOfTransfer(code: number): VideoRange | null {
  if (code === TRANSFER_CODES.PQ) return 'PQ';
  return code === TRANSFER_CODES.HLG ? 'HLG' : null;
}

/** A chromaticity in steps of 0.00002. */
export type Chromaticity = { readonly x: number; readonly y: number };

/** SMPTE ST 2086, in the units of HEVC's SEI message (H.265, D.3.28): chromaticity in steps of 0.00002, luminance in steps of 0.0001 cd/m². */
export type MasteringDisplay = {
  readonly red: Chromaticity;
  readonly green: Chromaticity;
  readonly blue: Chromaticity;
  readonly white: Chromaticity;
  readonly maxLuminance: number;
  readonly minLuminance: number;
};

/** Static metadata of an HDR picture: the display it was graded on, and its brightest pixel and brightest frame on average, in cd/m² (CTA-861.3). */
export type LightFacts = {
  readonly mastering: MasteringDisplay | null;
  readonly content: { readonly maxCll: number; readonly maxFall: number } | null;
};

/** What an HDR track carries in its header. */
export type HdrColor = { readonly range: VideoRange; readonly light: LightFacts | null };

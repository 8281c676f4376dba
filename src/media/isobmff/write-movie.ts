import type { Edit } from './movie.ts';
import { box, boxParts, bytesOf, fullBox, u16, u32, u64, zeros } from './write-boxes.ts';
import { elstBox } from './write-tables.ts';

const IDENTITY_MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].map(u32);
const LANGUAGE_FALLBACK = 'und';
const TRACK_ENABLED = 1;
const TRACK_IN_MOVIE = 2;

/** What the boxes above the sample tables say about one track. */
export type TrackHead = {
  readonly trackId: number;
  readonly kind: 'video' | 'audio';
  readonly sampleEntry: Uint8Array;
  readonly timescale: number;
  /** In the track's timescale; zero in a file of fragments. */
  readonly mediaDurationTicks: number;
  /** In the movie's timescale, empty edit included; zero in a file of fragments. */
  readonly movieDurationTicks: number;
  /** ISO 639-2/T, three letters. */
  readonly language: string;
  /** The language as BCP 47, written besides when it says more. */
  readonly extendedLanguage: string | null;
  readonly handlerName: string;
  readonly isEnabled: boolean;
  /** Tracks of one group exclude each other; zero: none. */
  readonly alternateGroup: number;
  /** Video only; zero for audio. */
  readonly widthPx: number;
  readonly heightPx: number;
  readonly edits: readonly Edit[];
};

export function ftypBox(majorBrand: string, minorVersion: number, compatibleBrands: readonly string[]): Uint8Array {
  return box('ftyp', bytesOf(majorBrand), u32(minorVersion), ...compatibleBrands.map(bytesOf));
}

/** Times of creation are left zero, so that the same title gives the same bytes. */
export function mvhdBox(movie: { readonly timescale: number; readonly durationTicks: number; readonly nextTrackId: number }): Uint8Array {
  const wide = movie.durationTicks > 0xffffffff;
  return fullBox(
    'mvhd',
    wide ? 1 : 0,
    0,
    zeros(wide ? 16 : 8),
    u32(movie.timescale),
    time(movie.durationTicks, wide),
    u32(0x10000),
    u16(0x100),
    zeros(10),
    ...IDENTITY_MATRIX,
    zeros(24),
    u32(movie.nextTrackId),
  );
}

/** A whole `trak` around the given boxes of its sample table (all but `stsd`), in parts. */
export function trakBox(head: TrackHead, tables: readonly Uint8Array[]): Uint8Array[] {
  const mediaHeader = head.kind === 'video' ? fullBox('vmhd', 0, 1, zeros(8)) : fullBox('smhd', 0, 0, zeros(4));
  const dataHere = box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1)));
  const stbl = boxParts('stbl', [fullBox('stsd', 0, 0, u32(1), head.sampleEntry), ...tables]);
  const elng = head.extendedLanguage === null ? [] : [fullBox('elng', 0, 0, new TextEncoder().encode(`${head.extendedLanguage}\0`))];
  const handler = hdlrBox(head.kind === 'video' ? 'vide' : 'soun', head.handlerName);
  const mdia = boxParts('mdia', [mdhdBox(head), handler, ...elng, ...boxParts('minf', [mediaHeader, dataHere, ...stbl])]);
  const edts = head.edits.length === 0 ? [] : [box('edts', elstBox(head.edits))];
  return boxParts('trak', [tkhdBox(head), ...edts, ...mdia]);
}

/** The boxes a sample table must have even when all samples are in fragments. */
export function emptyTables(): Uint8Array[] {
  return [fullBox('stts', 0, 0, u32(0)), fullBox('stsc', 0, 0, u32(0)), fullBox('stsz', 0, 0, u32(0), u32(0)), fullBox('stco', 0, 0, u32(0))];
}

export function hdlrBox(handler: string, name: string): Uint8Array {
  return fullBox('hdlr', 0, 0, u32(0), bytesOf(handler), zeros(12), new TextEncoder().encode(`${name}\0`));
}

function tkhdBox(head: TrackHead): Uint8Array {
  const wide = head.movieDurationTicks > 0xffffffff;
  const volume = head.kind === 'audio' ? 0x100 : 0;
  return fullBox(
    'tkhd',
    wide ? 1 : 0,
    TRACK_IN_MOVIE + (head.isEnabled ? TRACK_ENABLED : 0),
    zeros(wide ? 16 : 8),
    u32(head.trackId),
    zeros(4),
    time(head.movieDurationTicks, wide),
    zeros(8),
    u16(0),
    u16(head.alternateGroup),
    u16(volume),
    u16(0),
    ...IDENTITY_MATRIX,
    u32(head.widthPx * 65536),
    u32(head.heightPx * 65536),
  );
}

function mdhdBox(head: TrackHead): Uint8Array {
  const wide = head.mediaDurationTicks > 0xffffffff;
  return fullBox(
    'mdhd',
    wide ? 1 : 0,
    0,
    zeros(wide ? 16 : 8),
    u32(head.timescale),
    time(head.mediaDurationTicks, wide),
    u16(packLanguage(head.language)),
    u16(0),
  );
}

/** Three letters of five bits each (ISO/IEC 14496-12, 8.4.2.3). */
function packLanguage(language: string): number {
  const code = /^[a-z]{3}$/.test(language) ? language : LANGUAGE_FALLBACK;
  return [...code].reduce((packed, letter) => packed * 32 + (letter.charCodeAt(0) - 0x60), 0);
}

function time(ticks: number, wide: boolean): Uint8Array {
  return wide ? u64(ticks) : u32(ticks);
}

import { type Box, childBoxes, Fields, findBox, latin1, needBox, topLevelBoxes } from './boxes.ts';
import type { ByteSource } from './byte-source.ts';
import { parseSampleTables, type SampleTables } from './sample-tables.ts';

/** A moov larger than this is not read: about 20 million samples. */
const MAX_MOOV_BYTES = 256 * 1024 * 1024;
const MAX_HANDLER_NAME_BYTES = 1024;

/** One entry of an edit list (ISO/IEC 14496-12, 8.6.6). */
export type Edit = {
  /** In the movie's timescale. */
  readonly durationTicks: number;
  /** In the track's timescale; -1 is an empty edit. */
  readonly mediaTimeTicks: number;
};

/** Defaults for the samples of fragments (`trex`). */
export type SampleDefaults = { readonly trackId: number; readonly durationTicks: number; readonly sizeBytes: number; readonly flags: number };

export type MovieTrack = {
  readonly trackId: number;
  readonly isEnabled: boolean;
  readonly alternateGroup: number;
  /** `vide`, `soun`, ... */
  readonly handler: string;
  readonly handlerName: string;
  /** ISO 639-2/T. */
  readonly language: string;
  readonly timescale: number;
  readonly durationTicks: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly edits: readonly Edit[];
  /** Whole sample entry boxes, byte for byte as stored. */
  readonly sampleEntries: readonly Uint8Array[];
  readonly tables: SampleTables;
};

export type Movie = {
  /** Major brand first. */
  readonly brands: readonly string[];
  readonly timescale: number;
  readonly durationTicks: number;
  readonly tracks: readonly MovieTrack[];
  /** Empty when the file has no fragments. */
  readonly defaults: readonly SampleDefaults[];
  readonly moovRange: { readonly start: number; readonly endExclusive: number };
};

/** Reads `ftyp` and `moov` of a file, wherever they stand; media data is not read. RangeError: malformed. */
export async function readMovie(source: ByteSource): Promise<Movie> {
  let brands: string[] = [];
  for await (const box of topLevelBoxes(source)) {
    if (box.type === 'ftyp') brands = parseBrands(await source.read(box.bodyStart, Math.min(box.endExclusive, box.bodyStart + 1024)));
    if (box.type !== 'moov') continue;
    if (box.endExclusive - box.bodyStart > MAX_MOOV_BYTES) throw new RangeError(`moov has ${box.endExclusive - box.bodyStart} bytes`);
    const body = await source.read(box.bodyStart, box.endExclusive);
    return { brands, ...parseMoov(body), moovRange: { start: box.start, endExclusive: box.endExclusive } };
  }
  throw new RangeError('the file has no moov box');
}

/** The one track of that kind. RangeError when there is none, or more than one. */
export function onlyTrack(movie: Movie, handler: string): MovieTrack {
  const found = movie.tracks.filter((track) => track.handler === handler);
  if (found.length !== 1) throw new RangeError(`${found.length} ${handler} tracks where one is expected`);
  return found[0];
}

/** The only sample entry of a track; RangeError when it has none or several. */
export function onlySampleEntry(track: MovieTrack): Uint8Array {
  if (track.sampleEntries.length !== 1) throw new RangeError(`${track.sampleEntries.length} sample descriptions where one is expected`);
  return track.sampleEntries[0];
}

function parseBrands(body: Uint8Array): string[] {
  const brands: string[] = [];
  for (let at = 0; at + 4 <= body.byteLength; at += 4) if (at !== 4) brands.push(latin1(body.subarray(at, at + 4)));
  return brands;
}

function parseMoov(moov: Uint8Array): Pick<Movie, 'timescale' | 'durationTicks' | 'tracks' | 'defaults'> {
  const boxes = childBoxes(moov);
  const head = parseTimes(moov, needBox(boxes, 'mvhd', 'moov'));
  const mvex = findBox(boxes, 'mvex');
  return {
    timescale: head.timescale,
    durationTicks: head.durationTicks,
    tracks: boxes.filter((it) => it.type === 'trak').map((it) => parseTrack(moov, it)),
    defaults: mvex === null ? [] : parseDefaults(moov, mvex),
  };
}

function parseTrack(moov: Uint8Array, trak: Box): MovieTrack {
  const boxes = childBoxes(moov, trak.bodyStart, trak.endExclusive);
  const mdia = needBox(boxes, 'mdia', 'trak');
  const mdiaBoxes = childBoxes(moov, mdia.bodyStart, mdia.endExclusive);
  const minf = needBox(mdiaBoxes, 'minf', 'mdia');
  const stbl = needBox(childBoxes(moov, minf.bodyStart, minf.endExclusive), 'stbl', 'minf');
  const stblBoxes = childBoxes(moov, stbl.bodyStart, stbl.endExclusive);
  const times = parseTimes(moov, needBox(mdiaBoxes, 'mdhd', 'mdia'));
  return {
    ...parseTrackHeader(moov, needBox(boxes, 'tkhd', 'trak')),
    ...parseHandler(moov, needBox(mdiaBoxes, 'hdlr', 'mdia')),
    timescale: times.timescale,
    durationTicks: times.durationTicks,
    language: times.language,
    edits: parseEdits(moov, findBox(boxes, 'edts')),
    sampleEntries: parseSampleEntries(moov, needBox(stblBoxes, 'stsd', 'stbl')),
    tables: parseSampleTables(moov, stblBoxes),
  };
}

/** `mvhd` and `mdhd` begin alike (8.2.2, 8.4.2); the language is meaningful in `mdhd` only. */
function parseTimes(bytes: Uint8Array, box: Box): { timescale: number; durationTicks: number; language: string } {
  const fields = new Fields(bytes, box.bodyStart, box.endExclusive);
  const { version } = fields.fullBox();
  fields.skip(version === 1 ? 16 : 8);
  const timescale = fields.u32();
  if (timescale === 0) throw new RangeError(`${box.type} has timescale 0`);
  const durationTicks = version === 1 ? fields.u64() : fields.u32();
  const packed = fields.u16();
  const language = String.fromCharCode(...[10, 5, 0].map((shift) => 0x60 + ((packed >> shift) & 0x1f)));
  return { timescale, durationTicks, language };
}

function parseTrackHeader(bytes: Uint8Array, box: Box): Pick<MovieTrack, 'trackId' | 'isEnabled' | 'alternateGroup' | 'widthPx' | 'heightPx'> {
  const fields = new Fields(bytes, box.bodyStart, box.endExclusive);
  const { version, flags } = fields.fullBox();
  fields.skip(version === 1 ? 16 : 8);
  const trackId = fields.u32();
  fields.skip(4 + (version === 1 ? 8 : 4) + 8 + 2);
  const alternateGroup = fields.u16();
  fields.skip(4 + 36);
  return { trackId, isEnabled: (flags & 1) === 1, alternateGroup, widthPx: fields.u32() / 65536, heightPx: fields.u32() / 65536 };
}

function parseHandler(bytes: Uint8Array, box: Box): Pick<MovieTrack, 'handler' | 'handlerName'> {
  const fields = new Fields(bytes, box.bodyStart, box.endExclusive);
  fields.skip(8);
  const handler = fields.fourCc();
  fields.skip(12);
  const name = fields.take(Math.min(fields.remainingBytes, MAX_HANDLER_NAME_BYTES));
  const end = name.indexOf(0);
  return { handler, handlerName: new TextDecoder().decode(end < 0 ? name : name.subarray(0, end)) };
}

function parseEdits(bytes: Uint8Array, edts: Box | null): Edit[] {
  if (edts === null) return [];
  const elst = findBox(childBoxes(bytes, edts.bodyStart, edts.endExclusive), 'elst');
  if (elst === null) return [];
  const fields = new Fields(bytes, elst.bodyStart, elst.endExclusive);
  const { version } = fields.fullBox();
  const count = fields.count(version === 1 ? 20 : 12);
  const edits: Edit[] = [];
  for (let i = 0; i < count; i++) {
    const durationTicks = version === 1 ? fields.u64() : fields.u32();
    const mediaTimeTicks = version === 1 ? fields.i64() : fields.i32();
    if (fields.u32() !== 0x10000) throw new RangeError('edit list has a rate other than 1');
    edits.push({ durationTicks, mediaTimeTicks });
  }
  return edits;
}

function parseSampleEntries(bytes: Uint8Array, stsd: Box): Uint8Array[] {
  const fields = new Fields(bytes, stsd.bodyStart, stsd.endExclusive);
  fields.fullBox();
  const count = fields.count(8);
  const entries = childBoxes(bytes, fields.at, stsd.endExclusive);
  if (entries.length !== count) throw new RangeError(`stsd announces ${count} entries and has ${entries.length}`);
  return entries.map((entry) => bytes.subarray(entry.start, entry.endExclusive));
}

function parseDefaults(bytes: Uint8Array, mvex: Box): SampleDefaults[] {
  return childBoxes(bytes, mvex.bodyStart, mvex.endExclusive)
    .filter((it) => it.type === 'trex')
    .map((it) => {
      const fields = new Fields(bytes, it.bodyStart, it.endExclusive);
      fields.fullBox();
      const trackId = fields.u32();
      fields.skip(4);
      return { trackId, durationTicks: fields.u32(), sizeBytes: fields.u32(), flags: fields.u32() };
    });
}

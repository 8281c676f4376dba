import { createHash } from 'node:crypto';
import { parseAacConfig } from '../codecs/aac.ts';
import { isAv1KeyFrame, parseAv1Config } from '../codecs/av1.ts';
import { isAvcIdr, parseAvcConfig } from '../codecs/avc.ts';
import { isHevcIdr, parseHevcConfig } from '../codecs/hevc.ts';
import { BT2020_MATRIX_CODE, BT2020_PRIMARIES_CODE, type HdrColor, type MasteringDisplay, rangeOfTransfer, TRANSFER_CODES, type VideoRange } from '../hdr.ts';
import { type Box, childBoxes, Fields, findBox, needBox } from './boxes.ts';
import { box, bytesOf, u8, u16, u32 } from './write-boxes.ts';

/** Bytes of the fixed part before the child boxes (ISO/IEC 14496-12, 12.1.3 and 12.2.3), box header included. */
const VISUAL_FIXED_BYTES = 86;
const AUDIO_FIXED_BYTES = 36;
/** Kind, three code points and a flag of a `colr` box. */
const NCLX_BYTES = 11;
const VIDEO_TYPES = ['avc1', 'hvc1', 'hev1', 'av01'];

/** What one entry of `stsd` says. */
export type SampleEntryFacts = {
  readonly kind: 'video' | 'audio';
  readonly family: 'h264' | 'h265' | 'av1' | 'aac';
  /** RFC 6381. */
  readonly codec: string;
  readonly widthPx: number;
  readonly heightPx: number;
  /** As the colour box says; null: SDR, or sound. */
  readonly videoRange: VideoRange | null;
  /** From the codec's own configuration: the entry's field says two whatever is inside. */
  readonly channels: number;
  /** True when decoding can start at this sample with nothing before it. Throws RangeError on a malformed sample. */
  readonly isIdr: (sample: Uint8Array) => boolean;
};

/** Reads a whole sample entry box. RangeError: malformed, or a codec that Sceneline does not make. */
export function readSampleEntry(entry: Uint8Array): SampleEntryFacts {
  const fields = new Fields(entry);
  fields.skip(4);
  const type = fields.fourCc();
  if (VIDEO_TYPES.includes(type)) {
    fields.at = 32;
    const size = { widthPx: fields.u16(), heightPx: fields.u16() };
    return { kind: 'video', ...size, channels: 0, videoRange: readVideoRange(entry), ...readVideoConfig(entry, type) };
  }
  if (type !== 'mp4a') throw new RangeError(`sample entry ${JSON.stringify(type)} is not supported`);
  fields.at = 16;
  if (fields.u16() !== 0) throw new RangeError('sample entry mp4a has a QuickTime layout');
  const { codec, channels } = parseAacConfig(configBody(entry, 'esds'));
  return { kind: 'audio', family: 'aac', codec, widthPx: 0, heightPx: 0, videoRange: null, channels, isIdr: () => true };
}

/**
 * SHA-256 over what a decoder needs of a sample entry: the entry without `btrt`, which only describes the bit rate of one file.
 * The same for all encoded chunks that can be joined.
 */
export function sampleEntryIdentity(entry: Uint8Array): string {
  return createHash('sha256')
    .update(rebuild(entry, keptBoxes(entry)))
    .digest('hex');
}

/**
 * The entry as finished files carry it: no `btrt`, `hvc1` for H.265, and for video square pixels (`pasp`) and BT.709 limited-range
 * colour (`colr` nclx; code points of ISO/IEC 23091-2) where the encoder wrote none. An HDR track gets its own colour and the light of its master instead
 * (`mdcv`, `clli`; ISO/IEC 14496-12, 12.1.7 and 12.1.8).
 */
export function finishSampleEntry(entry: Uint8Array, hdr?: HdrColor): Uint8Array {
  const boxes = keptBoxes(entry).filter(({ type }) => hdr === undefined || !['colr', 'mdcv', 'clli'].includes(type));
  const facts = readSampleEntry(entry);
  if (facts.kind === 'audio') return rebuild(entry, boxes);
  const added: Uint8Array[] = [];
  if (findBox(boxes, 'pasp') === null) added.push(box('pasp', u32(1), u32(1)));
  if (hdr !== undefined) added.push(...hdrBoxes(hdr));
  else if (findBox(boxes, 'colr') === null) added.push(box('colr', bytesOf('nclx'), u16(1), u16(1), u16(1), u8(0)));
  const finished = rebuild(entry, boxes, added);
  if (facts.family === 'h265') finished.set(bytesOf('hvc1'), 4);
  return finished;
}

function hdrBoxes({ range, light }: HdrColor): Uint8Array[] {
  const made = [box('colr', bytesOf('nclx'), u16(BT2020_PRIMARIES_CODE), u16(TRANSFER_CODES[range]), u16(BT2020_MATRIX_CODE), u8(0))];
  if (light?.mastering) made.push(masteringBox(light.mastering));
  if (light?.content) made.push(box('clli', u16(light.content.maxCll), u16(light.content.maxFall)));
  return made;
}

/** Green, blue and red in this order, as in the SEI message that the box repeats. */
function masteringBox({ green, blue, red, white, maxLuminance, minLuminance }: MasteringDisplay): Uint8Array {
  return box('mdcv', ...[green, blue, red, white].flatMap(({ x, y }) => [u16(x), u16(y)]), u32(maxLuminance), u32(minLuminance));
}

function readVideoRange(entry: Uint8Array): VideoRange | null {
  const colr = findBox(entryBoxes(entry), 'colr');
  if (colr === null || colr.endExclusive - colr.bodyStart < NCLX_BYTES) return null;
  const fields = new Fields(entry);
  fields.at = colr.bodyStart;
  if (fields.fourCc() !== 'nclx') return null;
  fields.skip(2);
  return rangeOfTransfer(fields.u16());
}

function readVideoConfig(entry: Uint8Array, type: string): Pick<SampleEntryFacts, 'family' | 'codec' | 'isIdr'> {
  if (type === 'avc1') {
    const { codec, lengthSizeBytes } = parseAvcConfig(configBody(entry, 'avcC'));
    return { family: 'h264', codec, isIdr: (sample) => isAvcIdr(sample, lengthSizeBytes) };
  }
  if (type === 'av01') return { family: 'av1', codec: parseAv1Config(configBody(entry, 'av1C')).codec, isIdr: isAv1KeyFrame };
  const { codec, lengthSizeBytes, hasParameterSets } = parseHevcConfig(configBody(entry, 'hvcC'));
  if (!hasParameterSets) throw new RangeError('hvcC lacks parameter sets, so the track cannot be hvc1');
  return { family: 'h265', codec, isIdr: (sample) => isHevcIdr(sample, lengthSizeBytes) };
}

function configBody(entry: Uint8Array, type: string): Uint8Array {
  const found = needBox(entryBoxes(entry), type, 'sample entry');
  return entry.subarray(found.bodyStart, found.endExclusive);
}

function keptBoxes(entry: Uint8Array): Box[] {
  return entryBoxes(entry).filter((it) => it.type !== 'btrt');
}

function entryBoxes(entry: Uint8Array): Box[] {
  return childBoxes(entry, fixedBytes(entry));
}

function fixedBytes(entry: Uint8Array): number {
  const fields = new Fields(entry);
  if (fields.u32() !== entry.byteLength) throw new RangeError('sample entry has a wrong size');
  const fixed = VIDEO_TYPES.includes(fields.fourCc()) ? VISUAL_FIXED_BYTES : AUDIO_FIXED_BYTES;
  if (entry.byteLength < fixed) throw new RangeError('sample entry is short');
  return fixed;
}

function rebuild(entry: Uint8Array, boxes: readonly Box[], added: readonly Uint8Array[] = []): Uint8Array {
  const type = String.fromCharCode(...entry.subarray(4, 8));
  return box(type, entry.subarray(8, fixedBytes(entry)), ...boxes.map((it) => entry.subarray(it.start, it.endExclusive)), ...added);
}

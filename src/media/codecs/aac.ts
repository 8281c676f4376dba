const TAG_ES = 3;
const TAG_DECODER_CONFIG = 4;
const TAG_DECODER_SPECIFIC = 5;
const OBJECT_MPEG4_AUDIO = 0x40;
const ESCAPED_OBJECT_TYPE = 31;
const EXPLICIT_RATE = 15;

/** Samples per channel of one AAC-LC access unit (ISO/IEC 14496-3, 4.5.2.1.1). */
export const AAC_FRAME_SAMPLES = 1024;

/** Channels by channel configuration (ISO/IEC 14496-3, table 1.19); zero means that the stream says it itself. */
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8];

/** `channels` is zero when the configuration leaves it to the stream. */
export type AacConfig = { readonly codec: string; readonly channels: number };

/** Reads the body of an `esds` box (ISO/IEC 14496-14, 5.6; descriptors as in 14496-1, 7.2.6); codec string as in RFC 6381, 3.3. */
export function parseAacConfig(body: Uint8Array): AacConfig {
  const es = descriptor(body, 4, body.byteLength, TAG_ES);
  if (es.start + 3 > es.endExclusive) throw new RangeError('esds: ES descriptor is short');
  const flags = body[es.start + 2];
  if ((flags & 0xe0) !== 0) throw new RangeError('esds: stream dependencies and URLs are not allowed in an mp4 file');
  const config = descriptor(body, es.start + 3, es.endExclusive, TAG_DECODER_CONFIG);
  if (config.start + 13 > config.endExclusive) throw new RangeError('esds: decoder configuration is short');
  const objectTypeIndication = body[config.start];
  if (objectTypeIndication !== OBJECT_MPEG4_AUDIO) throw new RangeError(`esds: object type ${objectTypeIndication} is not MPEG-4 audio`);
  const specific = descriptor(body, config.start + 13, config.endExclusive, TAG_DECODER_SPECIFIC);
  return parseAudioSpecific(body.subarray(specific.start, specific.endExclusive));
}

/** AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1) as far as the channels. */
function parseAudioSpecific(bytes: Uint8Array): AacConfig {
  let at = 0;
  const bits = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++, at++) {
      if (at >= bytes.byteLength * 8) throw new RangeError('esds: audio configuration is short');
      value = value * 2 + ((bytes[at >> 3] >> (7 - (at & 7))) & 1);
    }
    return value;
  };
  let objectType = bits(5);
  if (objectType === ESCAPED_OBJECT_TYPE) objectType = 32 + bits(6);
  if (bits(4) === EXPLICIT_RATE) bits(24);
  return { codec: `mp4a.40.${objectType}`, channels: CHANNELS[bits(4)] ?? 0 };
}

/** Content of the descriptor at `at`, whose size is written in groups of seven bits (ISO/IEC 14496-1, 8.3.3). */
function descriptor(bytes: Uint8Array, at: number, endExclusive: number, tag: number): { start: number; endExclusive: number } {
  if (at >= endExclusive || bytes[at] !== tag) throw new RangeError(`esds: no descriptor ${tag} at byte ${at}`);
  let sizeBytes = 0;
  for (let i = 1; i <= 4; i++) {
    if (at + i >= endExclusive) break;
    const byte = bytes[at + i];
    sizeBytes = sizeBytes * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    const start = at + i + 1;
    if (start + sizeBytes > endExclusive) throw new RangeError(`esds: descriptor ${tag} leaves its parent`);
    return { start, endExclusive: start + sizeBytes };
  }
  throw new RangeError(`esds: size of descriptor ${tag} is cut off`);
}

const OBU_FRAME_HEADER = 3;
const OBU_FRAME = 6;
const LEVEL_WITH_TIER = 8;

export type Av1Config = { readonly codec: string };

/** Reads the body of an `av1C` box (AV1 in ISOBMFF, 2.3); the short codec string of its section 5. */
export function parseAv1Config(body: Uint8Array): Av1Config {
  if (body.byteLength < 4) throw new RangeError('av1C is short');
  if (body[0] !== 0x81) throw new RangeError(`av1C starts with ${body[0]}`);
  const profile = body[1] >> 5;
  const level = body[1] & 0x1f;
  const tier = level >= LEVEL_WITH_TIER && (body[2] & 0x80) !== 0 ? 'H' : 'M';
  const highBitDepth = (body[2] & 0x40) !== 0;
  const twelveBit = (body[2] & 0x20) !== 0;
  const depth = highBitDepth ? (twelveBit ? 12 : 10) : 8;
  return { codec: `av01.${profile}.${String(level).padStart(2, '0')}${tier}.${String(depth).padStart(2, '0')}` };
}

/** True when the first frame of the temporal unit is a shown key frame (AV1, 5.9.2: show_existing_frame 0, frame_type 0, show_frame 1). */
export function isAv1KeyFrame(sample: Uint8Array): boolean {
  for (let at = 0; at < sample.byteLength; ) {
    const header = sample[at];
    const type = (header >> 3) & 0xf;
    let bodyStart = at + 1 + ((header & 4) === 0 ? 0 : 1);
    let sizeBytes = sample.byteLength - bodyStart;
    if ((header & 2) !== 0) {
      const size = readLeb128(sample, bodyStart);
      sizeBytes = size.value;
      bodyStart = size.endExclusive;
    }
    if (sizeBytes < 0 || bodyStart + sizeBytes > sample.byteLength) throw new RangeError(`OBU of ${sizeBytes} bytes at byte ${at} of ${sample.byteLength}`);
    if (type === OBU_FRAME || type === OBU_FRAME_HEADER) return sizeBytes > 0 && (sample[bodyStart] & 0xf0) === 0x10;
    at = bodyStart + sizeBytes;
  }
  return false;
}

function readLeb128(bytes: Uint8Array, start: number): { value: number; endExclusive: number } {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    if (start + i >= bytes.byteLength) throw new RangeError('OBU size is cut off');
    const byte = bytes[start + i];
    value += (byte & 0x7f) * 2 ** (7 * i);
    if ((byte & 0x80) === 0) return { value, endExclusive: start + i + 1 };
  }
  throw new RangeError('OBU size is too long');
}

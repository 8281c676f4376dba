import { hex2, splitNals } from './nal.ts';

const NAL_SLICE_FIRST = 1;
const NAL_SLICE_IDR = 5;

export type AvcConfig = { readonly codec: string; readonly lengthSizeBytes: number };

/** Reads the body of an `avcC` box (ISO/IEC 14496-15, 5.3.3.1); codec string as in RFC 6381, 3.3. */
export function parseAvcConfig(body: Uint8Array): AvcConfig {
  if (body.byteLength < 7) throw new RangeError('avcC is short');
  if (body[0] !== 1) throw new RangeError(`avcC of version ${body[0]}`);
  return { codec: `avc1.${hex2(body[1])}${hex2(body[2])}${hex2(body[3])}`, lengthSizeBytes: (body[4] & 3) + 1 };
}

/** True when every slice of the sample belongs to an IDR picture (H.264, 7.4.1.2.4). */
export function isAvcIdr(sample: Uint8Array, lengthSizeBytes: number): boolean {
  const slices = splitNals(sample, lengthSizeBytes)
    .map((nal) => nal[0] & 0x1f)
    .filter((type) => type >= NAL_SLICE_FIRST && type <= NAL_SLICE_IDR);
  return slices.length > 0 && slices.every((type) => type === NAL_SLICE_IDR);
}
